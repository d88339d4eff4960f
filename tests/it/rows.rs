//! Reads the tables of `tests/data/`, whose README tells the format.

use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// One line of a table.
pub struct Row {
    file: &'static str,
    line: usize,
    columns: Rc<[String]>,
    cells: Vec<String>,
}

/// All rows of `tests/data/<file>`, in order.
#[track_caller]
pub fn rows(file: &'static str) -> Vec<Row> {
    let path = data(file);
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let cells = |line: &str| line.split('\t').map(unescape).collect::<Vec<String>>();
    let names = text.lines().take_while(|line| line.starts_with('#')).last();
    let columns: Rc<[String]> = cells(names.unwrap_or_default().trim_start_matches("# ")).into();
    let rows: Vec<Row> = text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.starts_with('#'))
        .map(|(i, line)| Row { file, line: i + 1, columns: columns.clone(), cells: cells(line) })
        .collect();
    assert!(!rows.is_empty(), "{file} has no rows");
    rows
}

/// The path of a file in `tests/data/`, from this package or one below it that compiles this file, too.
pub fn data(file: &str) -> PathBuf {
    let mut packages = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let package = packages.find(|folder| folder.join("tests/data").is_dir()).expect("the data are there");
    package.join("tests/data").join(file)
}

impl Row {
    /// The cell in a column, counted from 0.
    #[track_caller]
    pub fn cell(&self, column: usize) -> &str {
        self.cells.get(column).unwrap_or_else(|| panic!("{} has no column {column}", self.place()))
    }

    /// The cell in the column of this name.
    #[track_caller]
    pub fn named(&self, name: &str) -> &str {
        let column = self.columns.iter().position(|column| column == name);
        self.cell(column.unwrap_or_else(|| panic!("{} has no column {name}", self.place())))
    }

    /// Whether a column that lists words separated by commas has this one.
    #[track_caller]
    pub fn lists(&self, name: &str, word: &str) -> bool {
        self.named(name).split(',').any(|listed| listed == word)
    }

    /// The number in a column.
    #[track_caller]
    pub fn number(&self, column: usize) -> i64 {
        let cell = self.cell(column);
        cell.parse().unwrap_or_else(|_| panic!("{}: {cell:?} is no number", self.place()))
    }

    /// `file:line`, for messages.
    pub fn place(&self) -> String {
        format!("{}:{}", self.file, self.line)
    }
}

/// `\t \n \r \x0b \x0c \\`
fn unescape(cell: &str) -> String {
    let mut text = String::new();
    let mut rest = cell;
    while let Some(at) = rest.find('\\') {
        text.push_str(&rest[..at]);
        rest = &rest[at..];
        let (escape, c) = [("\\t", '\t'), ("\\n", '\n'), ("\\r", '\r'), ("\\x0b", '\x0b'), ("\\x0c", '\x0c')]
            .into_iter()
            .find(|(escape, _)| rest.starts_with(escape))
            .unwrap_or(("\\\\", '\\'));
        text.push(c);
        rest = rest.strip_prefix(escape).unwrap_or_else(|| panic!("{cell:?} has an unknown escape"));
    }
    text + rest
}

/// Expects no failures; shows the first few.
#[track_caller]
pub fn expect_none(failures: &[String]) {
    let first: Vec<_> = failures.iter().take(20).map(String::as_str).collect();
    assert!(failures.is_empty(), "{} rows fail:\n{}", failures.len(), first.join("\n"));
}

#[test]
fn escapes_are_undone() {
    assert_eq!(unescape(r"a\tb\n\r\x0b\x0c\\n"), "a\tb\n\r\x0b\x0c\\n");
    assert_eq!(unescape(""), "");
}
