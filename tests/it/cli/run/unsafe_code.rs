//! `unsafe` is in one file of the program, and each use is argued for.

use std::fs;
use std::path::Path;

#[test]
fn one_file_of_the_program_has_unsafe_code() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/bin/sexton");
    let main = fs::read_to_string(folder.join("main.rs")).unwrap();
    assert!(main.contains("#![deny(unsafe_code)]"));
    let allows = |path: &Path| fs::read_to_string(path).unwrap().contains("allow(unsafe_code)");
    let files =
        fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file());
    let with: Vec<_> = files.filter(|path| allows(path)).collect();
    assert_eq!(with, [folder.join("unix.rs")]);
    let unix = fs::read_to_string(&with[0]).unwrap();
    assert_eq!(unix.matches("unsafe {").count(), unix.matches("// SAFETY: ").count());
}
