//! `sexton-amalgamate SRC FEATURE...` prints the library in the folder SRC as one file of Rust, with these features and no
//! others. Every `mod name;` is replaced by the text of its file. Tests are left out, and so are all comments but the
//! documentation of what is public.

use std::path::{Path, PathBuf};

use quote::ToTokens;
use syn::punctuated::Punctuated;
use syn::visit_mut::{self, VisitMut};
use syn::{
    Arm, Attribute, Block, Expr, ExprLit, ExprMacro, Fields, File, ImplItem, Item, ItemEnum, ItemImpl,
    ItemMod, ItemStruct, ItemTrait, Lit, LitByteStr, LitStr, Meta, Stmt, Token, TraitItem, Visibility,
};

fn main() {
    let mut arguments = std::env::args().skip(1);
    let src = PathBuf::from(arguments.next().expect("the folder of the sources, and then features"));
    let features: Vec<String> = arguments.collect();

    let mut library = read(&src.join("lib.rs"));
    let cfg = Cfg { features: &features };
    cfg.resolve(&mut library.attrs);
    Inliner { folder: src.clone(), file_folder: src, cfg: &cfg }.visit_file_mut(&mut library);

    let text = prettyplease::unparse(&library);
    let unresolved = text.lines().filter(|line| line.contains("cfg(") && line.contains("feature = "));
    let unresolved: Vec<&str> = unresolved.collect();
    assert!(
        unresolved.is_empty(),
        "these conditions stand where this program does not look: {unresolved:#?}"
    );
    print!("{text}");
}

fn read(path: &Path) -> File {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Which conditions are known to hold, and which are known not to.
struct Cfg<'a> {
    features: &'a [String],
}

impl Cfg<'_> {
    /// Whether a thing with these attributes stays. Conditions that the compiler has to judge (`unix`) stay, too.
    fn resolve(&self, attrs: &mut Vec<Attribute>) -> bool {
        let mut stays = true;
        attrs.retain_mut(|attr| {
            if attr.path().is_ident("cfg") {
                let condition = attr.parse_args().expect("`cfg` has one condition");
                match self.judge(condition) {
                    Judged::Known(holds) => {
                        stays &= holds;
                        return false;
                    }
                    Judged::Open(condition) => set(attr, &format!("cfg({})", text_of(&condition))),
                }
            } else if attr.path().is_ident("cfg_attr") {
                let parts = attr.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated);
                let mut parts = parts.expect("`cfg_attr` has a list").into_iter();
                let condition = parts.next().expect("`cfg_attr` has a condition");
                let rest = parts.map(|part| text_of(&part)).collect::<Vec<_>>().join(", ");
                match self.judge(condition) {
                    Judged::Known(false) => return false,
                    Judged::Known(true) => set(attr, &rest),
                    Judged::Open(condition) => {
                        set(attr, &format!("cfg_attr({}, {rest})", text_of(&condition)))
                    }
                }
            }
            true
        });
        stays
    }

    fn judge(&self, condition: Meta) -> Judged {
        if condition.path().is_ident("test") || condition.path().is_ident("doctest") {
            return Judged::Known(false);
        }
        match &condition {
            Meta::NameValue(pair) if pair.path.is_ident("feature") => {
                let Expr::Lit(ExprLit { lit: Lit::Str(name), .. }) = &pair.value else {
                    panic!("a feature's name is a text: {}", text_of(&condition));
                };
                Judged::Known(self.features.contains(&name.value()))
            }
            Meta::List(list) => {
                let name = text_of(&list.path);
                let parts = list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated);
                let mut open = Vec::new();
                for part in parts.expect("a list of conditions") {
                    match (self.judge(part), name.as_str()) {
                        (Judged::Known(holds), "not") => return Judged::Known(!holds),
                        (Judged::Known(false), "all") => return Judged::Known(false),
                        (Judged::Known(true), "any") => return Judged::Known(true),
                        (Judged::Known(_), _) => {}
                        (Judged::Open(part), _) => open.push(text_of(&part)),
                    }
                }
                match &open[..] {
                    [] => Judged::Known(name == "all"),
                    [one] if name != "not" => Judged::Open(meta(one)),
                    _ => Judged::Open(meta(&format!("{name}({})", open.join(", ")))),
                }
            }
            _ => Judged::Open(condition),
        }
    }
}

enum Judged {
    Known(bool),
    Open(Meta),
}

fn text_of(tokens: &impl ToTokens) -> String {
    tokens.to_token_stream().to_string()
}

fn meta(text: &str) -> Meta {
    syn::parse_str(text).expect("it is put together from conditions")
}

fn set(attr: &mut Attribute, text: &str) {
    attr.meta = meta(text);
}

/// Puts the files in, and leaves out what is not wanted.
struct Inliner<'a> {
    /// Where the files of the modules are that are declared here.
    folder: PathBuf,
    /// Where the file is that is being read, as `include_bytes!` has it.
    file_folder: PathBuf,
    cfg: &'a Cfg<'a>,
}

fn undocument(attrs: &mut Vec<Attribute>) {
    attrs.retain(|attr| !attr.path().is_ident("doc"));
}

fn undocument_unless_public(vis: &Visibility, attrs: &mut Vec<Attribute>) {
    if !matches!(vis, Visibility::Public(_)) {
        undocument(attrs);
    }
}

fn undocument_fields(fields: &mut Fields, is_public: bool) {
    for field in fields {
        if !(is_public && matches!(field.vis, Visibility::Public(_))) {
            undocument(&mut field.attrs);
        }
    }
}

impl Inliner<'_> {
    fn items(&mut self, items: &mut Vec<Item>) {
        items.retain_mut(|item| attrs_of_item(item).map_or(true, |attrs| self.cfg.resolve(attrs)));
        for item in items {
            match item {
                Item::Const(item) => undocument_unless_public(&item.vis, &mut item.attrs),
                Item::Fn(item) => undocument_unless_public(&item.vis, &mut item.attrs),
                Item::Static(item) => undocument_unless_public(&item.vis, &mut item.attrs),
                Item::Type(item) => undocument_unless_public(&item.vis, &mut item.attrs),
                Item::Use(item) => undocument_unless_public(&item.vis, &mut item.attrs),
                Item::Macro(item) if !item.attrs.iter().any(|attr| attr.path().is_ident("macro_export")) => {
                    undocument(&mut item.attrs)
                }
                _ => {}
            }
        }
    }
}

impl VisitMut for Inliner<'_> {
    fn visit_file_mut(&mut self, file: &mut File) {
        self.items(&mut file.items);
        visit_mut::visit_file_mut(self, file);
    }

    fn visit_item_mod_mut(&mut self, module: &mut ItemMod) {
        let name = module.ident.to_string();
        let folder = self.folder.join(&name);
        let mut file_folder = self.file_folder.clone();
        if module.content.is_none() {
            let in_folder = folder.join("mod.rs");
            let (path, is_in_folder) = match self.folder.join(format!("{name}.rs")) {
                path if path.exists() => (path, false),
                _ => (in_folder, true),
            };
            file_folder = if is_in_folder { folder.clone() } else { self.folder.clone() };
            let mut file = read(&path);
            self.cfg.resolve(&mut file.attrs);
            module.attrs.append(&mut file.attrs);
            module.content = Some((Default::default(), file.items));
            module.semi = None;
        }
        undocument_unless_public(&module.vis, &mut module.attrs);
        let mut inner = Inliner { folder, file_folder, cfg: self.cfg };
        let (_, items) = module.content.as_mut().expect("it was read");
        inner.items(items);
        visit_mut::visit_item_mod_mut(&mut inner, module);
    }

    fn visit_item_struct_mut(&mut self, item: &mut ItemStruct) {
        let is_public = matches!(item.vis, Visibility::Public(_));
        undocument_unless_public(&item.vis, &mut item.attrs);
        undocument_fields(&mut item.fields, is_public);
        visit_mut::visit_item_struct_mut(self, item);
    }

    fn visit_item_enum_mut(&mut self, item: &mut ItemEnum) {
        if !matches!(item.vis, Visibility::Public(_)) {
            undocument(&mut item.attrs);
            for variant in &mut item.variants {
                undocument(&mut variant.attrs);
                undocument_fields(&mut variant.fields, false);
            }
        }
        let variants = std::mem::take(&mut item.variants).into_pairs();
        let resolved = variants.filter_map(|mut pair| {
            let stays = self.cfg.resolve(&mut pair.value_mut().attrs);
            stays.then(|| pair)
        });
        item.variants = resolved.collect();
        visit_mut::visit_item_enum_mut(self, item);
    }

    fn visit_item_trait_mut(&mut self, item: &mut ItemTrait) {
        let is_public = matches!(item.vis, Visibility::Public(_));
        undocument_unless_public(&item.vis, &mut item.attrs);
        item.items.retain_mut(|item| {
            let attrs = match item {
                TraitItem::Const(item) => &mut item.attrs,
                TraitItem::Fn(item) => &mut item.attrs,
                TraitItem::Type(item) => &mut item.attrs,
                _ => return true,
            };
            if !is_public {
                undocument(attrs);
            }
            self.cfg.resolve(attrs)
        });
        visit_mut::visit_item_trait_mut(self, item);
    }

    fn visit_item_impl_mut(&mut self, item: &mut ItemImpl) {
        let is_of_trait = item.trait_.is_some();
        item.items.retain_mut(|item| {
            let (attrs, vis) = match item {
                ImplItem::Const(item) => (&mut item.attrs, &item.vis),
                ImplItem::Fn(item) => (&mut item.attrs, &item.vis),
                ImplItem::Type(item) => (&mut item.attrs, &item.vis),
                _ => return true,
            };
            if is_of_trait || !matches!(vis, Visibility::Public(_)) {
                undocument(attrs);
            }
            self.cfg.resolve(attrs)
        });
        visit_mut::visit_item_impl_mut(self, item);
    }

    fn visit_block_mut(&mut self, block: &mut Block) {
        block.stmts.retain_mut(|statement| {
            let attrs = match statement {
                Stmt::Local(local) => Some(&mut local.attrs),
                Stmt::Item(item) => attrs_of_item(item),
                Stmt::Macro(call) => Some(&mut call.attrs),
                Stmt::Expr(Expr::Block(block), _) => Some(&mut block.attrs),
                Stmt::Expr(Expr::If(condition), _) => Some(&mut condition.attrs),
                Stmt::Expr(Expr::Return(value), _) => Some(&mut value.attrs),
                Stmt::Expr(..) => None,
            };
            attrs.map_or(true, |attrs| self.cfg.resolve(attrs))
        });
        visit_mut::visit_block_mut(self, block);
    }

    fn visit_expr_match_mut(&mut self, expression: &mut syn::ExprMatch) {
        expression.arms.retain_mut(|Arm { attrs, .. }| self.cfg.resolve(attrs));
        visit_mut::visit_expr_match_mut(self, expression);
    }

    /// `include_bytes!` becomes the bytes.
    fn visit_expr_mut(&mut self, expression: &mut Expr) {
        if let Expr::Macro(ExprMacro { mac, attrs }) = expression {
            if mac.path.is_ident("include_bytes") {
                let path = self.file_folder.join(mac.parse_body::<LitStr>().expect("a path").value());
                let bytes =
                    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
                let lit = Lit::ByteStr(LitByteStr::new(&bytes, mac.path.segments[0].ident.span()));
                *expression = Expr::Lit(ExprLit { attrs: std::mem::take(attrs), lit });
            }
        }
        visit_mut::visit_expr_mut(self, expression);
    }
}

fn attrs_of_item(item: &mut Item) -> Option<&mut Vec<Attribute>> {
    Some(match item {
        Item::Const(item) => &mut item.attrs,
        Item::Enum(item) => &mut item.attrs,
        Item::Fn(item) => &mut item.attrs,
        Item::Impl(item) => &mut item.attrs,
        Item::Macro(item) => &mut item.attrs,
        Item::Mod(item) => &mut item.attrs,
        Item::Static(item) => &mut item.attrs,
        Item::Struct(item) => &mut item.attrs,
        Item::Trait(item) => &mut item.attrs,
        Item::Type(item) => &mut item.attrs,
        Item::Use(item) => &mut item.attrs,
        _ => return None,
    })
}
