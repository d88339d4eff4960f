//! The claims: how a service asks PostgreSQL or Redis whose a run is. docs/fleets.md shows these.

use std::time::{SystemTime, UNIX_EPOCH};

use postgres::{Client, NoTls, Statement};
use sexton::Claim;

/// A run as all replicas know it.
pub fn key(name: &str, due: SystemTime) -> String {
    format!("{name} {}", due.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()))
}

/// A table with a unique key: `CREATE TABLE claims (key text PRIMARY KEY, replica text NOT NULL)`.
pub struct Postgres {
    pub url: String,
    pub replica: String,
    pub connection: Option<Connection>,
}

/// A connection, and the two statements of a claim.
pub struct Connection(Client, Statement, Statement);

impl Connection {
    fn new(url: &str) -> Result<Connection, postgres::Error> {
        let mut client = Client::connect(url, NoTls)?;
        let insert =
            client.prepare("INSERT INTO claims (key, replica) VALUES ($1, $2) ON CONFLICT DO NOTHING")?;
        let select = client.prepare("SELECT replica FROM claims WHERE key = $1")?;
        Ok(Connection(client, insert, select))
    }
}

impl Postgres {
    pub fn claim(&mut self, claim: &Claim<'_>) -> Result<bool, postgres::Error> {
        // One that failed is not used again.
        let connection = self.connection.take();
        let mut connection = connection.map_or_else(|| Connection::new(&self.url), Ok)?;
        let Connection(client, insert, select) = &mut connection;
        let key = key(claim.name(), claim.due());
        let is_first = client.execute(insert, &[&key, &self.replica])? == 1;
        // It may have been this replica, whose connection broke before the answer came.
        let is_ours = is_first || client.query_one(select, &[&key])?.get::<_, &str>(0) == self.replica;
        self.connection = Some(connection);
        Ok(is_ours)
    }
}

pub struct Redis {
    pub client: redis::Client,
    pub replica: String,
    pub connection: Option<redis::Connection>,
}

impl Redis {
    pub fn claim(&mut self, claim: &Claim<'_>) -> redis::RedisResult<bool> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.client.get_connection()?,
        };
        let key = key(claim.name(), claim.due());
        // A claim must live for longer than a replica may come late.
        let month = 31 * 86_400;
        let mut claim = redis::pipe();
        claim.cmd("SET").arg(&key).arg(&self.replica).arg("NX").arg("EX").arg(month).ignore();
        let (holder,): (String,) = claim.get(&key).query(&mut connection)?;
        self.connection = Some(connection);
        Ok(holder == self.replica)
    }
}
