//! House rules, as tests like any other.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All source files of the library, with their texts.
fn sources() -> Vec<(PathBuf, String)> {
    fn walk(folder: &Path, found: &mut Vec<(PathBuf, String)>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().map_or(false, |extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                found.push((path.strip_prefix(root().join("src")).unwrap().into(), text));
            }
        }
    }
    let mut found = Vec::new();
    walk(&root().join("src"), &mut found);
    found.retain(|(path, _)| !path.starts_with("bin") && path != Path::new("lib.rs"));
    assert!(found.len() > 20, "the sources are read: {found:?}");
    found
}

/// The floor of each module, as `lib.rs` declares them: each captioned group of `mod` lines is one. They are above what it
/// exports.
fn floors(lib: &str) -> HashMap<&str, usize> {
    let mut floors = HashMap::new();
    let mut floor = 0;
    for line in lib.lines().take_while(|line| !line.starts_with("pub use ")) {
        if line.is_empty() {
            floor += 1;
        }
        let module = line.strip_prefix("pub ").unwrap_or(line).strip_prefix("mod ");
        if let Some(module) = module.and_then(|module| module.strip_suffix(';').or(module.strip_suffix(" {")))
        {
            floors.insert(module, floor);
        }
    }
    floors
}

/// What goes upstairs, or to the next room: the module and what it imports.
fn upstairs(floors: &HashMap<&str, usize>, module: &str, text: &str) -> Vec<String> {
    // A macro's `$crate` is the user's way in, from the outside.
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//") && !line.contains("$crate"));
    let imports = code.flat_map(|line| line.split("crate::").skip(1));
    let names = imports.map(|rest| rest.split(|c: char| !(c.is_alphanumeric() || c == '_')).next().unwrap());
    let is_wrong =
        |name: &&str| *name != module && floors.get(name).map_or(true, |floor| *floor >= floors[module]);
    names.filter(is_wrong).map(|name| format!("{module} imports {name}")).collect()
}

#[test]
fn imports_go_downstairs_only() {
    let lib = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    let floors = floors(&lib);
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let first = path.iter().next().unwrap().to_str().unwrap();
        let module = first.strip_suffix(".rs").unwrap_or(first);
        wrong.extend(upstairs(&floors, module, &text));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");

    assert_eq!(upstairs(&floors, "cron", "use crate::tz::Zone;"), ["cron imports tz"], "it can fail");
    assert_eq!(
        upstairs(&floors, "clock", "use crate::{timer, sync};"),
        ["clock imports "],
        "a list is not followed"
    );
}

/// The code of the library by module, such as `tz/zone/system`: without comments and tests. The second is the comment at
/// its beginning.
fn modules() -> BTreeMap<String, (String, String)> {
    let mut modules = BTreeMap::new();
    for (path, text) in sources() {
        let name = path.with_extension("").to_str().unwrap().replace('\\', "/");
        if name.split('/').any(|part| part == "tests") {
            continue;
        }
        let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
        let header = text.lines().map_while(|line| line.strip_prefix("//!")).collect::<Vec<_>>().join("");
        let code = text.lines().map(|line| line.split("//").next().unwrap());
        modules.insert(name, (code.collect::<Vec<_>>().join("\n"), header));
    }
    modules
}

/// The single paths of what a `use` names: of `a::{b, c::d}` it is `a::b` and `a::c::d`.
fn paths(tree: &str) -> Vec<String> {
    let (prefix, list) = match tree.split_once('{') {
        Some((prefix, list)) => (prefix.trim(), list.trim_end().trim_end_matches('}')),
        None => return vec![tree.split(" as ").next().unwrap().trim().to_string()],
    };
    // The last brace was that of this list; those of lists inside it were cut off with it and do not matter.
    let (mut depth, mut parts) = (0, vec![String::new()]);
    for c in list.chars() {
        match c {
            ',' if depth == 0 => parts.push(String::new()),
            c => {
                depth += i32::from(c == '{') - i32::from(c == '}');
                parts.last_mut().unwrap().push(c);
            }
        }
    }
    let inner = parts.iter().filter(|part| !part.trim().is_empty()).flat_map(|part| paths(part));
    inner.map(|rest| format!("{prefix}{rest}")).collect()
}

/// The module that a path leads to from another one, if it is one of these.
fn target<'a>(from: &str, path: &str, modules: &'a BTreeSet<String>) -> Option<&'a String> {
    let mut words = path.split("::").map(str::trim).peekable();
    let mut base: Vec<&str> = from.split('/').collect();
    match words.next()? {
        "crate" => base.clear(),
        "super" => drop(base.pop()),
        "self" => {}
        _ => return None,
    }
    while words.next_if_eq(&"super").is_some() {
        base.pop();
    }
    for word in words {
        let longer = [&base[..], &[word]].concat().join("/");
        if !modules.contains(&longer) {
            break;
        }
        base.push(word);
    }
    modules.get(&base.join("/"))
}

/// The groups of modules that import each other, directly or through others. A module and the ones inside it are one.
fn circles(code: &BTreeMap<String, String>) -> Vec<Vec<String>> {
    let modules: BTreeSet<String> = code.keys().cloned().collect();
    let mut imports: BTreeMap<&String, BTreeSet<&String>> = BTreeMap::new();
    for (from, text) in code {
        let mut found: Vec<String> = Vec::new();
        for statement in text.split("use ").skip(1) {
            found.extend(paths(statement.split(';').next().unwrap()));
        }
        for start in ["crate::", "super::", "self::"] {
            for (at, _) in text.match_indices(start) {
                let is_path = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
                if !text[..at].ends_with(is_path) {
                    found.push(text[at..].split(|c| !is_path(c)).next().unwrap().to_string());
                }
            }
        }
        let inside = |a: &str, b: &str| a == b || a.starts_with(&format!("{b}/"));
        let targets = found.iter().filter_map(|path| target(from, path, &modules));
        imports.insert(from, targets.filter(|to| !inside(from, to) && !inside(to, from)).collect());
    }
    let reached = |from| {
        let mut reached = BTreeSet::new();
        let mut next = vec![from];
        while let Some(module) = next.pop() {
            next.extend(imports[module].iter().copied().filter(|to| reached.insert(*to)));
        }
        reached
    };
    let all: BTreeMap<&String, BTreeSet<&String>> = code.keys().map(|from| (from, reached(from))).collect();
    let of = |a: &String| -> Vec<String> {
        let others = all[a].iter().filter(|b| all[**b].contains(a));
        others.map(|b| b.to_string()).collect()
    };
    let found: BTreeSet<Vec<String>> = all.keys().map(|a| of(a)).filter(|circle| circle.len() > 1).collect();
    found.into_iter().collect()
}

/// Those that are still there, to be cut one by one: nothing is to be added.
const KNOWN_CIRCLES: &[&[&str]] = &[
    &["agenda/record", "agenda/seat"],
    &["cron/dialect", "cron/parse"],
    &["cron/lint/message", "cron/lint/suggestion"],
];

#[test]
fn no_modules_import_each_other() {
    let code = |modules: BTreeMap<String, (String, String)>| {
        modules.into_iter().map(|(name, (code, _))| (name, code)).collect()
    };
    for circle in circles(&code(modules())) {
        let is_known =
            KNOWN_CIRCLES.iter().any(|known| circle.iter().all(|one| known.contains(&one.as_str())));
        assert!(is_known, "{circle:?}");
    }

    let made = |texts: &[(&str, &str)]| {
        let code = texts.iter().map(|(name, code)| (name.to_string(), code.to_string()));
        circles(&code.collect()).concat().join(" ")
    };
    let tz = [("tz", "use self::b::B;"), ("tz/b", "fn f() { super::c::d(); }")];
    assert_eq!(made(&[tz[0], tz[1], ("tz/c", "use super::{a, b::{self, B}};")]), "tz/b tz/c", "it can fail");
    assert_eq!(made(&[tz[0], tz[1], ("tz/c", "use super::{a, T};")]), "", "what is inside is not beside");
    let far = [("a", "use crate::b::{c::D, e};"), ("b", ""), ("b/c", "use super::super::a::F;")];
    assert_eq!(made(&far), "a b/c");
}

/// What a file does not do, if its first words say so, and the code that does it.
const ABSENT: &[(&str, &[&str])] = &[
    ("no clock", &["::now()"]),
    ("no threads", &["thread::", "Mutex", "Condvar", "std::sync"]),
    ("no lock,", &["Mutex"]),
    ("no files", &["fs::", "File::", "env::", "Command"]),
    ("Pure:", &["::now()", "thread::", "Mutex", "fs::", "File::", "env::", "Command"]),
    ("Pure.", &["::now()", "thread::", "Mutex", "fs::", "File::", "env::", "Command"]),
];

/// The claims that a header makes and its code does not keep.
fn broken_claims(header: &str, code: &str) -> Vec<String> {
    let claims = ABSENT.iter().filter(|(claim, _)| header.contains(claim));
    let broken = claims.flat_map(|(claim, signs)| {
        signs.iter().filter(|sign| code.contains(**sign)).map(move |sign| format!("`{claim}`, but `{sign}`"))
    });
    broken.collect()
}

#[test]
fn what_a_file_claims_not_to_do_it_does_not_do() {
    let modules = modules();
    let mut wrong = Vec::new();
    for (name, (code, header)) in &modules {
        // What holds for a module holds for the ones inside it.
        let above = modules.iter().filter(|(above, _)| name.starts_with(&format!("{above}/")));
        for header in above.map(|(_, (_, header))| header).chain([header]) {
            wrong.extend(broken_claims(header, code).into_iter().map(|claim| format!("{name}: {claim}")));
        }
    }
    // `Schedule::upcoming` needs an instant to count from. Its first paragraph is to say so.
    wrong.retain(|claim| claim != "schedule: `no clock`, but `::now()`");
    assert!(wrong.is_empty(), "{wrong:#?}");

    let header = " A heap. Pure: no threads, no clock.";
    assert_eq!(broken_claims(header, "fn f() { SystemTime::now() }").len(), 2, "it can fail");
    assert_eq!(broken_claims(header, "fn f(now: SystemTime) {}"), [""; 0]);
}

/// The modules below a folder that contain one of these.
fn with_any<'a>(
    modules: &'a BTreeMap<String, (String, String)>,
    below: &str,
    signs: &[&str],
) -> Vec<&'a str> {
    let has = |code: &str| signs.iter().any(|sign| code.contains(sign));
    let found = modules.iter().filter(|(name, (code, _))| name.starts_with(below) && has(code));
    found.map(|(name, _)| name.as_str()).collect()
}

/// Each of these is said in the first paragraph of a file: of `sync`, `clock` and `tz/zone/system`.
#[test]
fn what_only_some_files_do_the_others_do_not() {
    let modules = modules();
    let primitives = ["std::sync", "core::sync", "std::thread"];
    assert_eq!(with_any(&modules, "", &primitives), ["sync"]);
    let clock = &modules["clock"].1;
    for module in with_any(&modules, "", &["::now()"]) {
        let is_named = module == "clock" || clock.contains(&format!("`{module}`"));
        assert!(
            is_named || module.starts_with("journal"),
            "the first paragraph of clock.rs does not name {module}"
        );
    }
    let files = with_any(&modules, "tz/zone", &["fs::", "File::", "env::", "Command::"]);
    let may = ["tz/zone/command", "tz/zone/source", "tz/zone/system"];
    assert!(files.iter().all(|module| may.contains(module)), "{files:?}");
}

/// Each mutex of the library is in the order that engine.rs gives.
#[test]
fn the_order_of_the_locks_names_each_of_them() {
    let modules = modules();
    let order = &modules["engine"].1;
    let mut count = 0;
    for (module, (code, _)) in modules.iter().filter(|(module, _)| *module != "sync") {
        for line in code.lines().filter(|line| line.contains("Mutex<") && !line.contains("fn ")) {
            let name = line.split(':').next().unwrap().split_whitespace().last().unwrap();
            assert!(order.contains(&format!("`{name}`")), "{module}: {name}");
            count += 1;
        }
    }
    assert!(count > 3, "they are found: {count}");
}

#[test]
fn the_core_compiles_the_same_with_and_without_the_layers() {
    const LAYERS: [&str; 3] = ["tools", "history", "journal"];
    let is_of_layer = |path: &Path| LAYERS.iter().any(|layer| path.with_extension("").starts_with(layer));
    for (path, text) in sources().iter().filter(|(path, _)| !is_of_layer(path)) {
        for layer in LAYERS {
            assert!(
                !text.contains(&format!("feature = \"{layer}\"")),
                "{} asks for `{layer}`",
                path.display()
            );
        }
    }
    let lib = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    let floors = floors(&lib);
    for layer in LAYERS {
        let lower = floors.iter().filter(|(module, _)| !LAYERS.contains(module));
        assert!(
            lower.clone().all(|(_, floor)| *floor < floors[layer]),
            "`{layer}` is above the roof: {floors:?}"
        );
    }
}

#[test]
fn the_program_uses_only_the_public_api() {
    for entry in fs::read_dir(root().join("src/bin/sexton")).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            assert!(!fs::read_to_string(&path).unwrap().contains("#[path"), "{}", path.display());
        }
    }
}

/// The texts between two marks.
fn between<'a>(text: &'a str, start: &'a str, end: &'a str) -> impl Iterator<Item = &'a str> {
    text.split(start).skip(1).filter_map(move |rest| Some(rest.split_once(end)?.0))
}

/// The links of a page, from its own folder, and the source files that it names, from `src`, that do not exist.
fn missing_files(folder: &Path, page: &str) -> Vec<String> {
    let links = between(page, "](", ")").filter(|link| !link.contains("://") && !link.starts_with('#'));
    let links = links.map(|link| (link, folder.join(link)));
    let sources = page.split('`').skip(1).step_by(2).filter(|name| {
        let is_path = |c: char| c.is_ascii_alphanumeric() || "/_-.".contains(c);
        name.ends_with(".rs") && name.chars().all(is_path) && *name != "sexton.rs"
    });
    // Those outside of `src` are named from the root.
    let sources = sources.map(|name| (name, root().join("src").join(name))).map(|(name, path)| {
        let path = if path.exists() { path } else { root().join(name) };
        (name, path)
    });
    links.chain(sources).filter(|(_, path)| !path.exists()).map(|(name, _)| name.to_string()).collect()
}

#[test]
fn the_pages_name_files_that_exist() {
    let mut wrong = Vec::new();
    for folder in [root().to_path_buf(), root().join("docs")] {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().map_or(false, |extension| extension == "md") {
                let missing = missing_files(&folder, &fs::read_to_string(&path).unwrap());
                wrong.extend(missing.into_iter().map(|name| format!("{}: {name}", path.display())));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");

    let page = "[a](README.md), [b](no.md), `cron.rs`, `cron/no.rs`";
    assert_eq!(missing_files(root(), page), ["no.md", "cron/no.rs"], "it can fail");
}

#[test]
fn the_program_is_vendored_with_the_features_that_it_needs() {
    let page = fs::read_to_string(root().join("docs/vendoring.md")).unwrap();
    let commands = between(&page, "```sh\n", "```").next().unwrap();
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let program = between(&manifest, "[[bin]]", "\n\n").next().unwrap();
    let needed = between(program, "required-features = [", "]").next().unwrap();
    for feature in needed.split(", ") {
        assert!(commands.contains(&format!("--cfg 'feature={feature}'")), "{feature}: {commands}");
    }
}

#[test]
fn the_architecture_page_has_each_module() {
    let page = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let lib = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    for module in floors(&lib).keys() {
        assert!(page.contains(&format!("`{module}`")), "{module}");
    }
}

#[test]
fn the_changelog_begins_with_the_version() {
    let changelog = fs::read_to_string(root().join("CHANGELOG.md")).unwrap();
    let newest = changelog.lines().find_map(|line| line.strip_prefix("## ")).unwrap();
    assert_eq!(newest.split(' ').next(), Some(env!("CARGO_PKG_VERSION")));
}

#[test]
fn what_users_hold_can_go_to_any_thread() {
    fn any_thread<T: Send + Sync>() {}
    any_thread::<sexton::Scheduler>();
    any_thread::<sexton::Builder>();
    any_thread::<sexton::ManualClock>();
    any_thread::<sexton::Task>();
    any_thread::<sexton::Event>();
    any_thread::<sexton::Error>();
    any_thread::<sexton::Cron>();
    any_thread::<sexton::tz::LocalZone>();
    any_thread::<sexton::tz::Zone>();
    any_thread::<sexton::tz::PosixZone>();
    fn another_thread<T: Send>() {}
    another_thread::<sexton::Schedule>();
    another_thread::<sexton::Upcoming>();
}
