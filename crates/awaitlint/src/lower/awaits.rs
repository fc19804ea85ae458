//! What a body awaits, by name: enough to tell which functions of a dependency wait at all, without keeping their bodies.

use syn::visit::{self, Visit};
use syn::{Block, Expr};

use crate::names::Known;

/// The names of the functions whose calls the body awaits; an empty one where the name does not show.
pub(super) fn awaited(block: &Block) -> Vec<String> {
    let mut names = Names(Vec::new());
    names.visit_block(block);
    names.0.sort_unstable();
    names.0.dedup();
    names.0
}

struct Names(Vec<String>);

impl<'a> Visit<'a> for Names {
    fn visit_expr_await(&mut self, wait: &'a syn::ExprAwait) {
        self.0.push(name_of(&wait.base));
        visit::visit_expr_await(self, wait);
    }

    fn visit_macro(&mut self, mac: &'a syn::Macro) {
        let name = mac.path.segments.last().map_or(String::new(), |segment| segment.ident.to_string());
        if !Known::PlainMacro.has(&name) {
            self.0.push(String::new());
        }
    }

    fn visit_item(&mut self, _: &'a syn::Item) {} // runs when it is called
}

fn name_of(base: &Expr) -> String {
    match base {
        Expr::MethodCall(call) if Known::Adapter.has(&call.method.to_string()) => name_of(&call.receiver),
        Expr::MethodCall(call) => call.method.to_string(),
        Expr::Call(call) => match &*call.func {
            Expr::Path(path) => path.path.segments.last().map_or(String::new(), |segment| segment.ident.to_string()),
            _ => String::new(),
        },
        Expr::Paren(inner) => name_of(&inner.expr),
        Expr::Group(inner) => name_of(&inner.expr),
        _ => String::new(),
    }
}
