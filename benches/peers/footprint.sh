#!/usr/bin/env bash
# What each library costs a program that uses it: crates in the tree, seconds of a clean release
# build (wall and CPU, best of three), bytes of the stripped binary. One TSV row each.
# Usage: footprint.sh [LIBRARY...]
set -eu
exec </dev/null
wanted=" $* "
here=$(cd "$(dirname "$0")" && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
TIMEFORMAT='%R %U %S'

one() { # NAME DEPS MAIN
    local name=$1 deps=$2 main=$3 dir=$tmp/$1
    [ "$wanted" = "  " ] || [[ $wanted == *" $name "* ]] || return 0
    mkdir -p "$dir/src"
    printf '[package]\nname = "tiny"\nversion = "0.0.0"\nedition = "2021"\n[dependencies]\n%s\n[profile.release]\nstrip = true\n[workspace]\n' "$deps" > "$dir/Cargo.toml"
    printf '%s\n' "$main" > "$dir/src/main.rs"
    [ "$name" = limit ] && cp "$here/src/limit.rs" "$dir/src/"
    (
        cd "$dir"
        export CARGO_TARGET_DIR=$dir/target
        cargo fetch -q 2>/dev/null
        local crates best="" cpu=""
        # -1: the program itself.
        crates=$(($(cargo tree -e normal --prefix none --no-dedupe | sed 's/ (\*)//; s/ (proc-macro)//' | sort -u | wc -l) - 1))
        for _ in 1 2 3; do
            rm -rf target
            { time cargo build -q --release --offline 2>err; } 2>t || { cat err >&2; exit 1; }
            read -r r u s < <(tail -1 t)
            best=$(awk -v a="${best:-999}" -v b="$r" 'BEGIN{print a<b?a:b}')
            cpu=$(awk -v a="${cpu:-999}" -v u="$u" -v s="$s" 'BEGIN{b=u+s; print a<b?a:b}')
        done
        printf '%s\t%s\t%s\t%s\t%s\t%s\n' "$name" "$crates" "$best" "$cpu" "$(stat -c %s target/release/tiny)" "$(./target/release/tiny "*/5 9-17 * * 1-5" 2>&1 | head -1)"
    )
}

printf 'library\tcrates\twall_s\tcpu_s\tstripped_bytes\tprints\n'
chrono='chrono = { version = "0.4", default-features = false, features = ["std"] }'
one none '' 'fn main() { let a = std::env::args().nth(1).unwrap(); println!("{}", a.len() as i64); }'
one limit '' '#[allow(dead_code)] mod limit; fn main() { let a = std::env::args().nth(1).unwrap(); println!("{:?}", limit::Cron::parse(&a).map(|c| c.next_after(1_727_172_412))); }'
one cronp 'cronp = "0.3"' 'fn main() { let a = std::env::args().nth(1).unwrap(); let w = cronp::CivilDateTime::new(2024, 9, 24, 10, 10, 0).unwrap(); println!("{:?}", cronp::Schedule::<cronp::Vixie>::parse(&a).unwrap().matches(w)); }'
one saffron "saffron = \"0.1\"
$chrono" 'fn main() { let a = std::env::args().nth(1).unwrap(); println!("{:?}", a.parse::<saffron::Cron>().unwrap().next_after(chrono::DateTime::from_timestamp(1_727_172_412, 0).unwrap()).unwrap().timestamp()); }'
one cronexpr 'cronexpr = "1.7"' 'fn main() { let a = std::env::args().nth(1).unwrap(); println!("{:?}", cronexpr::parse_crontab(&format!("{a} UTC")).unwrap().find_next(cronexpr::MakeTimestamp::from_second(1_727_172_412).unwrap()).unwrap().timestamp().as_second()); }'
one cron-parser "cron-parser = \"0.12\"
$chrono" 'fn main() { let a = std::env::args().nth(1).unwrap(); println!("{:?}", cron_parser::Schedule::parse(&a).unwrap().next_after(&chrono::DateTime::from_timestamp(1_727_172_412, 0).unwrap()).unwrap().timestamp()); }'
one cronchik 'cronchik = { version = "2", features = ["time"] }
time = "0.3"' 'fn main() { let a = std::env::args().nth(1).unwrap(); println!("{:?}", cronchik::CronSchedule::parse_str(&a).unwrap().next_time_from(time::OffsetDateTime::from_unix_timestamp(1_727_172_412).unwrap()).unix_timestamp()); }'
one croner "croner = \"4\"
$chrono" 'use std::str::FromStr; fn main() { let a = std::env::args().nth(1).unwrap(); println!("{:?}", croner::Cron::from_str(&a).unwrap().find_next_occurrence(&chrono::DateTime::from_timestamp(1_727_172_412, 0).unwrap(), false).unwrap().timestamp()); }'
one cron "cron = \"0.17\"
$chrono" 'use std::str::FromStr; fn main() { let a = std::env::args().nth(1).unwrap(); println!("{:?}", cron::Schedule::from_str(&format!("0 {a}")).unwrap().after(&chrono::DateTime::from_timestamp(1_727_172_412, 0).unwrap()).next().unwrap().timestamp()); }'
one cron_clock "cron_clock = \"0.8\"
$chrono" 'use std::str::FromStr; fn main() { let a = std::env::args().nth(1).unwrap(); println!("{:?}", cron_clock::Schedule::from_str(&format!("0 {a}")).unwrap().after(&chrono::DateTime::from_timestamp(1_727_172_412, 0).unwrap()).next().unwrap().timestamp()); }'
one jiff-cron 'jiff-cron = "0.3"
jiff = "0.2"' 'use std::str::FromStr; fn main() { let a = std::env::args().nth(1).unwrap(); println!("{:?}", jiff_cron::Schedule::from_str(&format!("0 {a}")).unwrap().after(jiff::Timestamp::from_second(1_727_172_412).unwrap().in_tz("UTC").unwrap()).next().unwrap().timestamp().as_second()); }'
sexton='fn main() { let a = std::env::args().nth(1).unwrap(); println!("{:?}", sexton::Cron::parse(&a).map(|c| c.next_in(&sexton::tz::PosixZone::UTC, 1_727_172_412))); }'
one sexton "sexton = { path = \"$here/../..\" }" "$sexton"
one sexton-core "sexton = { path = \"$here/../..\", default-features = false }" "$sexton"
one sexton-zoned "sexton = { path = \"$here/../..\" }" 'fn main() { let a = std::env::args().nth(1).unwrap(); let z = sexton::tz::Zone::named("America/New_York").unwrap(); let t = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_727_172_412); println!("{:?}", sexton::Schedule::cron(&a).unwrap().zone(z).upcoming(t).unwrap().next().unwrap().duration_since(std::time::UNIX_EPOCH)); }'
