//! Items.

use syn::parse::Parser;
use syn::{Fields, ImplItem, Item as Tree, ReceiverKind, TraitItem, UseTree, Visibility};

use super::attr::{is_altered, is_elsewhere, is_test};
use super::awaits::awaited;
use super::body::hoist;
use super::{Depth, Lower};
use crate::ir::{
    Bound, Enum, Function, Impl, Import, Item, ItemKind, Module, Name, Param, Path, Receiver, Segment, Signature, Struct, Trait, Ty,
};
use crate::source::Span;

impl Lower<'_> {
    pub(super) fn item(&mut self, item: &Tree, to: &mut Vec<Item>) {
        match item {
            Tree::Const(i) => self.value(&i.ident, &i.vis, &i.ty, to),
            Tree::Static(i) => self.value(&i.ident, &i.vis, &i.ty, to),
            Tree::Enum(i) => {
                let generics = self.type_params(&i.generics);
                let variants = i.variants.iter().map(|v| (self.name(&v.ident), self.fields(&v.fields))).collect();
                self.push(&i.ident, &i.vis, ItemKind::Enum(Enum { generics, variants }), to);
            }
            Tree::Fn(syn::ItemFn { attrs, .. }) | Tree::Impl(syn::ItemImpl { attrs, .. }) if is_elsewhere(attrs) => {}
            Tree::Fn(i) => self.function(&i.attrs, &i.vis, &i.sig, Some(&i.block), &[], to),
            Tree::Impl(i) => self.implementation(i, to),
            Tree::Macro(i) => self.item_macro(i, to),
            Tree::Mod(i) => self.module(i, to),
            Tree::Struct(i) => {
                let generics = self.type_params(&i.generics);
                let fields = self.fields(&i.fields);
                self.push(&i.ident, &i.vis, ItemKind::Struct(Struct { generics, fields }), to);
            }
            Tree::Trait(i) => self.trait_item(i, to),
            Tree::Type(i) => {
                let generics = self.type_params(&i.generics);
                let ty = self.ty(&i.ty);
                self.push(&i.ident, &i.vis, ItemKind::Alias(generics, ty), to);
            }
            Tree::Use(i) => {
                let root = Path { global: i.leading_colon.is_some(), segments: Vec::new() };
                self.use_tree(&i.tree, root, is_public(&i.vis), to);
            }
            _ => {}
        }
    }

    fn push(&mut self, ident: &syn::Ident, vis: &Visibility, kind: ItemKind, to: &mut Vec<Item>) {
        let (name, span) = (self.name(ident), self.ident_span(ident));
        to.push(Item { name, span, public: is_public(vis), test: false, kind });
    }

    fn value(&mut self, ident: &syn::Ident, vis: &Visibility, ty: &syn::Type, to: &mut Vec<Item>) {
        let ty = self.ty(ty);
        self.push(ident, vis, ItemKind::Value(ty), to);
    }

    fn fields(&mut self, fields: &Fields) -> Vec<(Name, Ty)> {
        let mut named = Vec::new();
        for (i, field) in fields.iter().enumerate() {
            let name = match &field.ident {
                Some(ident) => self.name(ident),
                None => self.intern(&i.to_string()),
            };
            named.push((name, self.ty(&field.ty)));
        }
        named
    }

    fn module(&mut self, i: &syn::ItemMod, to: &mut Vec<Item>) {
        let first = to.len();
        let module = match &i.content {
            Some((_, items)) => {
                let mut inner = Vec::new();
                for item in items {
                    self.item(item, &mut inner);
                }
                Module::Inline(inner)
            }
            None => Module::File(i.attrs.iter().find_map(path_attribute)),
        };
        self.push(&i.ident, &i.vis, ItemKind::Module(module), to);
        let mut span = self.ident_span(&i.ident);
        if let Some((brace, _)) = &i.content {
            span.hi = self.close(&brace.span);
        }
        self.covered(&i.attrs, span);
        to[first].test = is_test(&i.attrs);
    }

    fn function(
        &mut self,
        attrs: &[syn::Attribute],
        vis: &Visibility,
        sig: &syn::Signature,
        block: Option<&syn::Block>,
        outer: &[(Name, Vec<Bound>)],
        to: &mut Vec<Item>,
    ) {
        let name = self.name(&sig.ident);
        let name_span = self.ident_span(&sig.ident);
        let first = sig.asyncness.as_ref().map_or(sig.fn_token.span, |t| t.span);
        let mut span = Span { lo: self.lo(first), hi: name_span.hi };
        let mut signature = self.signature(sig, outer);
        signature.altered = is_altered(attrs);
        let (mut body, mut imports) = (None, Vec::new());
        if let Some(block) = block {
            span.hi = self.close(&block.brace_token.span);
        }
        if let Some(block) = block.filter(|_| self.depth == Depth::Bodies) {
            let lowered = self.body(sig, block);
            imports = lowered.imports;
            hoist(&name, lowered.nested, is_test(attrs), &mut imports, to);
            body = Some(lowered.body);
        }
        self.covered(attrs, span);
        let awaits = block.filter(|_| self.depth == Depth::Signatures).map(awaited);
        let function = Box::new(Function { signature, body, imports, awaits });
        to.push(Item { name, span, public: is_public(vis), test: is_test(attrs), kind: ItemKind::Function(function) });
    }

    fn signature(&mut self, sig: &syn::Signature, outer: &[(Name, Vec<Bound>)]) -> Signature {
        let mut generics = outer.to_vec();
        self.generics(&sig.generics, &mut generics);
        let mut signature = Signature {
            is_async: sig.asyncness.is_some(),
            altered: false,
            receiver: Receiver::None,
            params: Vec::new(),
            returns: self.output(&sig.output),
            generics,
        };
        for input in &sig.inputs {
            match input {
                syn::FnArg::Receiver(receiver) => signature.receiver = kind_of(receiver),
                syn::FnArg::Typed(param) => {
                    let name = match &*param.pat {
                        syn::Pat::Ident(p) => Some(self.name(&p.ident)),
                        _ => None,
                    };
                    let ty = self.ty(&param.ty);
                    signature.params.push(Param { name, ty });
                }
            }
        }
        signature
    }

    fn implementation(&mut self, i: &syn::ItemImpl, to: &mut Vec<Item>) {
        let mut generics = Vec::new();
        self.generics(&i.generics, &mut generics);
        let of = i.trait_.as_ref().filter(|_| i.modifiers.polarity.is_none()).map(|(path, _)| self.bound(path));
        let ty = self.ty(&i.self_ty);
        let (mut items, mut assoc) = (Vec::new(), Vec::new());
        for item in &i.items {
            match item {
                ImplItem::Fn(f) if is_elsewhere(&f.attrs) => {}
                ImplItem::Fn(f) => self.function(&f.attrs, &f.vis, &f.sig, Some(&f.block), &generics, &mut items),
                ImplItem::Type(t) => assoc.push((self.name(&t.ident), self.ty(&t.ty))),
                ImplItem::Const(c) => self.value(&c.ident, &c.vis, &c.ty, &mut items),
                _ => {}
            }
        }
        let span = Span { lo: self.lo(i.impl_token.span), hi: self.close(&i.brace_token.span) };
        self.covered(&i.attrs, span);
        let kind = ItemKind::Impl(Impl { of, ty, items, assoc });
        to.push(Item { name: self.intern(""), span, public: false, test: is_test(&i.attrs), kind });
    }

    fn trait_item(&mut self, i: &syn::ItemTrait, to: &mut Vec<Item>) {
        let mut generics = Vec::new();
        self.generics(&i.generics, &mut generics);
        let supertraits = self.bounds(&i.supertraits);
        let mut items = Vec::new();
        for item in &i.items {
            if let TraitItem::Fn(f) = item {
                self.function(&f.attrs, &Visibility::Inherited, &f.sig, f.default.as_ref(), &generics, &mut items);
            }
        }
        let span = Span { lo: self.ident_span(&i.ident).lo, hi: self.close(&i.brace_token.span) };
        self.covered(&i.attrs, span);
        self.push(&i.ident, &i.vis, ItemKind::Trait(Trait { supertraits, items }), to);
    }

    fn use_tree(&mut self, tree: &UseTree, mut path: Path, public: bool, to: &mut Vec<Item>) {
        let leaf = |lower: &mut Self, mut path: Path, name: &syn::Ident, last: Option<&syn::Ident>, to: &mut Vec<Item>| {
            if let Some(last) = last.filter(|last| *last != "self") {
                path.segments.push(Segment { name: lower.name(last), args: Vec::new() });
            }
            let name = match path.segments.last() {
                Some(last) if name == "self" => last.name.clone(),
                _ => lower.name(name),
            };
            to.push(Item { name, span: Span::default(), public, test: false, kind: ItemKind::Import(Import { path }) });
        };
        match tree {
            UseTree::Path(t) => {
                path.segments.push(Segment { name: self.name(&t.ident), args: Vec::new() });
                self.use_tree(&t.tree, path, public, to);
            }
            UseTree::Name(t) => leaf(self, path, &t.ident, Some(&t.ident), to),
            UseTree::Rename(t) => leaf(self, path, &t.rename, Some(&t.ident), to),
            UseTree::Glob(_) => {
                let name = self.intern("*");
                to.push(Item { name, span: Span::default(), public, test: false, kind: ItemKind::Import(Import { path }) });
            }
            UseTree::Group(t) => {
                for tree in &t.items {
                    self.use_tree(tree, path.clone(), public, to);
                }
            }
        }
    }

    /// Items wrapped in a macro (`cfg_rt! { … }`, `pin_project! { … }`) are items all the same.
    fn item_macro(&mut self, i: &syn::ItemMacro, to: &mut Vec<Item>) {
        const MAX_NESTED: usize = 4;
        if i.ident.is_some() || i.mac.path.is_ident("macro_rules") || self.macros >= MAX_NESTED {
            return;
        }
        let Ok(file) = (|input: syn::parse::ParseStream<'_>| input.parse::<syn::File>()).parse2(i.mac.tokens.clone()) else { return };
        self.macros += 1;
        for item in &file.items {
            self.item(item, to);
        }
        self.macros -= 1;
    }
}

fn kind_of(receiver: &syn::Receiver) -> Receiver {
    match &receiver.kind {
        ReceiverKind::Value => Receiver::Value,
        ReceiverKind::Reference(_, _, mutability) => {
            if mutability.is_some() {
                Receiver::Mut
            } else {
                Receiver::Ref
            }
        }
        ReceiverKind::Typed(_, ty) => match &**ty {
            syn::Type::Reference(r) if r.mutability.is_some() => Receiver::Mut,
            syn::Type::Reference(_) => Receiver::Ref,
            syn::Type::Path(p) => match p.path.segments.last().map(|s| s.ident.to_string()).as_deref() {
                Some("Pin") => Receiver::Pin,
                Some("Arc" | "Rc") => Receiver::Ref,
                _ => Receiver::Value,
            },
            _ => Receiver::Value,
        },
        _ => Receiver::Value,
    }
}

fn path_attribute(attr: &syn::Attribute) -> Option<String> {
    let syn::Meta::NameValue(pair) = &attr.meta else { return None };
    match &pair.value {
        syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) if pair.path.is_ident("path") => Some(text.value()),
        _ => None,
    }
}

fn is_public(vis: &Visibility) -> bool {
    !matches!(vis, Visibility::Inherited)
}
