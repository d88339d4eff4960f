//! The scripts of examples/claim, with real servers: what each answers, and three `sexton run` that ask it.

use std::collections::BTreeSet;
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::servers::{command, Server};

const PATIENCE: Duration = Duration::from_secs(60);

/// A script, and the server that it asks.
struct Script {
    path: PathBuf,
    variables: Vec<(&'static str, String)>,
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

impl Script {
    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new("/bin/sh");
        command.arg(&self.path).args(args).envs(self.variables.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null());
        command
    }

    /// A claim of a run that is due now, or was a while ago.
    fn claim(&self, key: &str, replica: &str, age: u64) -> Command {
        let due = now() - age;
        let instant = sexton::Moment::from(UNIX_EPOCH + Duration::from_secs(due)).to_string();
        let mut command = self.command(&[]);
        command.env("SEXTON_KEY", key).env("SEXTON_DUE", instant).env("SEXTON_DUE_UNIX", due.to_string());
        // Whatever is in a name, it is only text.
        command
            .env("SEXTON_JOB", "a'; DROP TABLE sexton_claims; -- $(touch injected) \"")
            .env("SEXTON_REPLICA", replica);
        command
    }

    fn expect(&self, mut command: Command, status: i32, said: &str) -> Result<(), String> {
        let output = command.output().map_err(|error| error.to_string())?;
        let stderr = String::from_utf8_lossy(&output.stderr);
        match output.status.code() == Some(status) && stderr.contains(said) {
            true => Ok(()),
            false => Err(format!(
                "{}: expected {status} and `{said}`, found {}: {stderr}",
                self.path.display(),
                output.status
            )),
        }
    }

    /// What it answers while the server is there.
    fn test(&self) -> Result<(), String> {
        self.expect(self.claim("one-1", "a", 0), 0, "")?;
        self.expect(self.claim("one-1", "b", 0), 1, "")?;
        // `b` and `bb` are two.
        self.expect(self.claim("one-1", "aa", 0), 1, "")?;
        self.expect(self.claim("one-1", "a", 0), 0, "")?;
        self.expect(self.claim("one-2", "b", 0), 0, "")?;
        let mut lasting = self.claim("one-2", "c", 0);
        lasting.env("CLAIM_REPLICA", "b");
        self.expect(lasting, 0, "")?;
        self.expect(self.claim("one-3", "a", 28 * 86_400), 2, "the run is older than claims are kept")?;
        self.expect(self.command(&[]), 2, "expected SEXTON_KEY")?;
        // Of several at a time, one has it.
        let claims =
            (0..8).map(|replica| self.claim("one-4", &format!("r{replica}"), 0).spawn().expect("it starts"));
        let claims: Vec<Child> = claims.collect();
        let mut statuses =
            claims.into_iter().map(|mut child| child.wait().expect("it ends").code()).collect::<Vec<_>>();
        statuses.sort();
        match statuses[..] == [0, 1, 1, 1, 1, 1, 1, 1].map(Some) {
            true => Ok(()),
            false => Err(format!("{}: of eight, one has it: {statuses:?}", self.path.display())),
        }
    }

    /// What it answers when the server is away.
    fn test_away(&self) -> Result<(), String> {
        self.expect(self.claim("one-5", "a", 0), 2, "")
    }
}

/// Ends when it is dropped.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Three `sexton run` share a crontab, and are stopped in order.
fn run(sexton: &Path, script: &Script, folder: &Path) -> Result<String, String> {
    let folder = folder.join("program");
    fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
    let jobs =
        (0..3).map(|job| format!("# sexton: name=job-{job}\n* * * * * * echo \"$SEXTON_KEY\" >> runs\n"));
    fs::write(folder.join("crontab"), jobs.collect::<String>()).map_err(|error| error.to_string())?;
    let start = |replica: usize| {
        let mut command = Command::new("setpriv");
        command
            .args(["--pdeathsig", "KILL", "--"])
            .arg(sexton)
            .args(["run", "crontab", "--zone", "UTC0", "--claim"]);
        command.arg(format!("sh '{}'", script.path.display())).current_dir(&folder).stdin(Stdio::null());
        command.envs(script.variables.iter().map(|(name, value)| (name, value)));
        let log = fs::File::create(folder.join(format!("log-{replica}"))).expect("a log");
        Ended(command.stderr(log).spawn().expect("sexton starts"))
    };
    let mut replicas: Vec<Ended> = (0..3).map(start).collect();
    let runs = || fs::read_to_string(folder.join("runs")).unwrap_or_default();
    let begin = Instant::now();
    while runs().lines().count() < 15 {
        if begin.elapsed() > PATIENCE {
            return Err(format!("{}: the jobs do not run", script.path.display()));
        }
        sleep(Duration::from_millis(20));
    }
    for replica in &mut replicas {
        let _ = Command::new("kill").arg(replica.0.id().to_string()).status();
        let status = replica.0.wait().map_err(|error| error.to_string())?;
        if status.code() != Some(0) {
            return Err(format!("{}: a replica has ended with {status}", script.path.display()));
        }
    }
    let runs = runs();
    let keys: BTreeSet<&str> = runs.lines().collect();
    let logs =
        (0..3).map(|replica| fs::read_to_string(folder.join(format!("log-{replica}"))).unwrap_or_default());
    let logs: String = logs.collect();
    let started = logs.lines().filter(|line| line.contains(" start ")).count();
    let elsewhere = logs.lines().filter(|line| line.contains(" elsewhere ")).count();
    match keys.len() == runs.lines().count() && started == keys.len() {
        true => Ok(format!(
            "three replicas of `sexton run` ran {started} jobs, each once; {elsewhere} were another's"
        )),
        false => Err(format!("{}: none may run twice: {runs}", script.path.display())),
    }
}

pub fn test(packages: &Path, sexton: &Path, scripts: &Path, folder: &Path) -> Result<(), String> {
    let path = format!(
        "{0}/usr/lib/postgresql/15/bin:{0}/usr/bin:{1}",
        packages.display(),
        std::env::var("PATH").unwrap_or_default()
    );
    let libraries = packages.join("usr/lib/x86_64-linux-gnu").display().to_string();
    let script = |name: &str, variables: &[(&'static str, String)]| Script {
        path: scripts.join(name),
        variables: [&[("PATH", path.clone()), ("LD_LIBRARY_PATH", libraries.clone())], variables].concat(),
    };

    let mut server = Server::start("postgres", packages, &folder.join("scripts-p"));
    let variables = [
        ("PGHOST", server.folder.display().to_string()),
        ("PGUSER", "claims".into()),
        ("PGDATABASE", "postgres".into()),
    ];
    let postgres = script("postgres.sh", &variables);
    let mut client =
        postgres::Client::connect(&server.url(), postgres::NoTls).map_err(|error| error.to_string())?;
    // The table is that of the script's own words.
    let text = fs::read_to_string(&postgres.path).map_err(|error| error.to_string())?;
    let table =
        text.lines().skip_while(|line| !line.contains("CREATE TABLE")).take_while(|line| *line != "#");
    let table = table.map(|line| line.trim_start_matches('#')).collect::<Vec<_>>().join("\n");
    client.batch_execute(&table).map_err(|error| format!("{table}: {error}"))?;
    postgres.test()?;
    let old = "INSERT INTO sexton_claims VALUES ('old', 'old', now() - interval '40 days', 'r')";
    client.batch_execute(old).map_err(|error| error.to_string())?;
    postgres.expect(postgres.command(&["clean"]), 0, "")?;
    let keys =
        client.query("SELECT key FROM sexton_claims ORDER BY key", &[]).map_err(|error| error.to_string())?;
    let keys: Vec<String> = keys.iter().map(|row| row.get(0)).collect();
    if keys != ["one-1", "one-2", "one-4"] {
        return Err(format!("postgres.sh clean: {keys:?}"));
    }
    println!("postgres.sh: {}", run(sexton, &postgres, &server.folder.join(".."))?);
    server.kill();
    postgres.test_away()?;

    let mut server = Server::start("redis", packages, &folder.join("scripts-r"));
    // `redis-cli -u` knows no Unix sockets, so this one listens on a port.
    server.kill();
    let port = free_port();
    let mut redis_server = command(packages, "usr/bin/redis-server");
    redis_server
        .args(["--bind", "127.0.0.1", "--save", "", "--port"])
        .arg(port.to_string())
        .stdout(Stdio::null());
    let listening =
        Ended(redis_server.current_dir(&server.folder).spawn().map_err(|error| error.to_string())?);
    let redis = script("redis.sh", &[("REDIS_URL", format!("redis://127.0.0.1:{port}"))]);
    until("redis-server", || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok())?;
    redis.test()?;
    println!("redis.sh: {}", run(sexton, &redis, &server.folder)?);
    drop(listening);
    redis.test_away()?;

    etcd(packages, folder, &script)?;
    kubernetes(folder, &script)
}

fn etcd(
    packages: &Path,
    folder: &Path,
    script: &dyn Fn(&str, &[(&'static str, String)]) -> Script,
) -> Result<(), String> {
    let url = |port: u16| format!("http://127.0.0.1:{port}");
    let (clients, peers) = (url(free_port()), url(free_port()));
    let mut server = command(packages, "usr/bin/etcd");
    server.arg("--data-dir").arg(folder.join("etcd")).args(["--name", "one", "--log-level", "error"]);
    server.args(["--listen-client-urls", &clients, "--advertise-client-urls", &clients]);
    server.args(["--listen-peer-urls", &peers, "--initial-advertise-peer-urls", &peers]);
    server.arg("--initial-cluster").arg(format!("one={peers}"));
    let server = Ended(server.stderr(Stdio::null()).spawn().map_err(|error| error.to_string())?);
    let etcd = script("etcd.sh", &[("ETCDCTL_ENDPOINTS", clients)]);
    let etcdctl = |args: &[&str]| {
        let mut command = Command::new("etcdctl");
        command
            .args(args)
            .envs(etcd.variables.iter().map(|(name, value)| (name, value)))
            .env("ETCDCTL_API", "3");
        let output = command.output().map_err(|error| error.to_string())?;
        Ok::<_, String>((output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned()))
    };
    until("etcd", || etcdctl(&["endpoint", "health"]).map_or(false, |(is_up, _)| is_up))?;
    etcd.test()?;
    etcdctl(&["put", "sexton/2001-01-31T00:00:00Z/old", "r"])?;
    etcd.expect(etcd.command(&["clean"]), 0, "")?;
    let (_, keys) = etcdctl(&["get", "sexton/", "--prefix", "--keys-only"])?;
    let keys: Vec<&str> = keys.lines().filter(|line| !line.is_empty()).collect();
    if keys.len() != 3 || keys.iter().any(|key| key.contains("old")) {
        return Err(format!("etcd.sh clean: {keys:?}"));
    }
    drop(server);
    etcd.test_away()?;
    println!("etcd.sh: a single server gives each run once");
    Ok(())
}

/// There is no cluster here: what stands for `kubectl` makes a file where the real one would make a Lease.
fn kubernetes(
    folder: &Path,
    script: &dyn Fn(&str, &[(&'static str, String)]) -> Script,
) -> Result<(), String> {
    const STANDS_FOR_KUBECTL: &str = r#"#!/bin/sh
[ -d "$LEASES" ] || { echo 'The connection to the server was refused' >&2; exit 1; }
case "$1 $2" in
"create --request-timeout=5s")
    manifest=$(cat)
    of() { printf '%s\n' "$manifest" | sed -n "s/^  *$1: \"\(.*\)\"$/\1/p"; }
    name=$(of name) && holder=$(of holderIdentity) && month=$(of sexton-month)
    [ -n "$month" ] && printf '%s' "$holder" > "$LEASES/new-$$" && ln "$LEASES/new-$$" "$LEASES/$name" 2>/dev/null ||
        { echo "leases.coordination.k8s.io \"$name\" already exists" >&2; exit 1; } ;;
"get lease") cat "$LEASES/$3" ;;
"delete lease") [ "$4" = -l ] ;;
*) exit 1 ;;
esac
"#;
    let (tools, leases) = (folder.join("tools"), folder.join("leases"));
    let write = || {
        fs::create_dir_all(&tools)?;
        fs::create_dir_all(&leases)?;
        fs::write(tools.join("kubectl"), STANDS_FOR_KUBECTL)
    };
    write().map_err(|error| error.to_string())?;
    let _ = Command::new("chmod").arg("+x").arg(tools.join("kubectl")).status();
    let mut kubernetes = script("kubernetes.sh", &[("LEASES", leases.display().to_string())]);
    let path = format!("{}:{}", tools.display(), std::env::var("PATH").unwrap_or_default());
    kubernetes.variables.push(("PATH", path));
    kubernetes.test()?;
    kubernetes.expect(kubernetes.command(&["clean"]), 0, "")?;
    fs::remove_dir_all(&leases).map_err(|error| error.to_string())?;
    kubernetes.test_away()?;
    println!("kubernetes.sh: with what stands for kubectl, each run once");
    Ok(())
}

fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    listener.local_addr().expect("it is bound").port()
}

fn until(what: &str, mut is_so: impl FnMut() -> bool) -> Result<(), String> {
    let begin = Instant::now();
    while !is_so() {
        if begin.elapsed() > PATIENCE {
            return Err(format!("{what} does not start"));
        }
        sleep(Duration::from_millis(20));
    }
    Ok(())
}
