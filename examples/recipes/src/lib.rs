//! The snippets of the recipes' page: `cargo test` compiles and runs them, those with other crates as well.

#[cfg(doctest)]
#[doc = include_str!("../../../docs/recipes.md")]
struct Page;
