//! House rules, as tests like any other.

use std::collections::HashMap;
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

/// The floor of each module, as `lib.rs` declares them: each captioned group of `mod` lines is one.
fn floors(lib: &str) -> HashMap<&str, usize> {
    let mut floors = HashMap::new();
    let mut floor = 0;
    for line in lib.lines() {
        if line.is_empty() {
            floor += 1;
        }
        let module = line.strip_prefix("pub ").unwrap_or(line).strip_prefix("mod ");
        if let Some(module) = module.and_then(|module| module.strip_suffix(';')) {
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

#[test]
fn the_core_compiles_the_same_with_and_without_the_layers() {
    const LAYERS: [&str; 2] = ["tools", "history"];
    let is_of_layer = |path: &Path| LAYERS.iter().any(|layer| path.starts_with(layer));
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
