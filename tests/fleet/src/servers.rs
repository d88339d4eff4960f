//! The engines: Debian's PostgreSQL and Redis on Unix sockets in a temporary folder. They end with the test.

use std::fs;
use std::os::unix::fs::{chown, MetadataExt};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Far longer than a server takes to start.
const PATIENCE: Duration = Duration::from_secs(60);

/// Debian's `nobody`: PostgreSQL does not run as root.
const NOBODY: u32 = 65_534;

pub struct Server {
    pub folder: PathBuf,
    pub engine: &'static str,
    packages: PathBuf,
    process: Child,
}

/// A command that uses the libraries of the packages, and gets a signal if this process ends.
pub fn command(packages: &Path, program: &str) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", "--"]).arg(packages.join(program));
    command.env("LD_LIBRARY_PATH", packages.join("usr/lib/x86_64-linux-gnu"));
    command.stdin(Stdio::null());
    command
}

const POSTGRES: &str = "usr/lib/postgresql/15/bin";

fn is_root(folder: &Path) -> bool {
    fs::metadata(folder).map_or(false, |of| of.uid() == 0)
}

/// The same, as a user that PostgreSQL runs as.
fn postgres(packages: &Path, program: &str, folder: &Path) -> Command {
    let parent = folder.parent().expect("a folder of its own");
    if !is_root(parent) {
        return command(packages, &format!("{POSTGRES}/{program}"));
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid", "65534", "--regid", "65534", "--clear-groups", "--pdeathsig", "KILL", "--"]);
    command.arg(packages.join(POSTGRES).join(program));
    command.env("LD_LIBRARY_PATH", packages.join("usr/lib/x86_64-linux-gnu"));
    command.stdin(Stdio::null());
    command
}

impl Server {
    pub fn start(engine: &'static str, packages: &Path, folder: &Path) -> Server {
        fs::create_dir_all(folder).expect("a folder for a server");
        if engine == "postgres" {
            if is_root(folder.parent().expect("a folder of its own")) {
                chown(folder, Some(NOBODY), Some(NOBODY)).expect("root may give a folder away");
            }
            let data = folder.join("data");
            let mut initdb = postgres(packages, "initdb", folder);
            initdb.arg("-D").arg(&data).args([
                "-U",
                "claims",
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--locale=C",
                "-N",
            ]);
            let output = initdb.output().expect("initdb starts");
            assert!(output.status.success(), "initdb: {}", String::from_utf8_lossy(&output.stderr));
        }
        let process = Server::spawn(engine, packages, folder);
        let server = Server { folder: folder.into(), engine, packages: packages.into(), process };
        server.wait();
        if engine == "postgres" {
            let mut client = postgres::Client::connect(&server.url(), postgres::NoTls).expect("it is up");
            let table = "CREATE TABLE claims (key text PRIMARY KEY, replica text NOT NULL)";
            client.batch_execute(table).expect("an empty database");
        }
        server
    }

    fn spawn(engine: &str, packages: &Path, folder: &Path) -> Child {
        let log = || {
            let log = fs::File::options().create(true).append(true).open(folder.join("log"));
            log.expect("a log for a server")
        };
        let mut command = match engine {
            "postgres" => {
                let mut command = postgres(packages, "postgres", folder);
                command.arg("-D").arg(folder.join("data")).arg("-k").arg(folder);
                command.args(["-c", "listen_addresses=", "-c", "jit=off", "-c", "max_connections=20"]);
                command
            }
            _ => {
                let mut command = command(packages, "usr/bin/redis-server");
                command.args(["--port", "0", "--appendonly", "yes", "--appendfsync", "always", "--save", ""]);
                command.arg("--dir").arg(folder).arg("--unixsocket").arg(folder.join("redis.sock"));
                command
            }
        };
        command.stdout(log()).stderr(log()).spawn().expect("the server starts")
    }

    pub fn socket(&self) -> PathBuf {
        self.folder.join(if self.engine == "postgres" { ".s.PGSQL.5432" } else { "redis.sock" })
    }

    /// What clients connect to.
    pub fn url(&self) -> String {
        match self.engine {
            "postgres" => format!("host={} user=claims dbname=postgres", self.folder.display()),
            _ => format!("redis+unix://{}", self.socket().display()),
        }
    }

    /// Waits until it answers.
    fn wait(&self) {
        let begin = Instant::now();
        loop {
            let answers = match self.engine {
                "postgres" => postgres::Client::connect(&self.url(), postgres::NoTls).is_ok(),
                _ => UnixStream::connect(self.socket()).is_ok(),
            };
            if answers {
                return;
            }
            let log = || fs::read_to_string(self.folder.join("log")).unwrap_or_default();
            assert!(begin.elapsed() < PATIENCE, "{} does not start: {}", self.engine, log());
            sleep(Duration::from_millis(5));
        }
    }

    /// Ends it as a crash would.
    pub fn kill(&mut self) {
        if self.engine == "postgres" {
            // With all its processes at once, and without a clean shutdown: the next start recovers.
            let id = self.process.id().to_string();
            let _ = Command::new("kill").args(["-QUIT", &id]).stderr(Stdio::null()).status();
            let begin = Instant::now();
            while begin.elapsed() < PATIENCE && matches!(self.process.try_wait(), Ok(None)) {
                sleep(Duration::from_millis(1));
            }
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
    }

    /// Starts it again. Does not wait until it answers.
    pub fn restart(&mut self) {
        self.process = Server::spawn(self.engine, &self.packages, &self.folder);
    }

    /// All claims: each key, and who has it.
    pub fn claims(&self) -> Vec<(String, String)> {
        self.wait();
        if self.engine == "postgres" {
            let mut client = postgres::Client::connect(&self.url(), postgres::NoTls).expect("it is up");
            let rows = client.query("SELECT key, replica FROM claims", &[]).expect("the table is there");
            return rows.iter().map(|row| (row.get(0), row.get(1))).collect();
        }
        let client = redis::Client::open(self.url()).expect("a good address");
        let begin = Instant::now();
        let keys = |client: &redis::Client| -> redis::RedisResult<Vec<(String, String)>> {
            let mut connection = client.get_connection()?;
            let keys: Vec<String> = redis::cmd("KEYS").arg("*").query(&mut connection)?;
            let holders: Vec<String> = redis::cmd("MGET").arg(&keys).query(&mut connection)?;
            Ok(keys.into_iter().zip(holders).collect())
        };
        loop {
            match keys(&client) {
                Ok(claims) => return claims,
                // It reads its file.
                Err(error) => assert!(begin.elapsed() < PATIENCE, "{error}"),
            }
            sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}
