use syn::parse::{Parse, ParseStream};
use syn::spanned::Spanned;
use syn::{Error, Expr, Ident, Result, Token};

/// What stands in the parentheses of `#[memoize(…)]`.
#[derive(Default)]
pub(crate) struct Args {
    pub(crate) store: Option<Expr>,
    /// Calls of the builder, in the order in which they were written.
    pub(crate) settings: Vec<(Ident, Expr)>,
}

impl Parse for Args {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut args = Self::default();
        while !input.is_empty() {
            let name: Ident = input.parse()?;
            input.parse::<Token![=]>()?;
            let value: Expr = input.parse()?;
            args.add(name, value)?;
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        if let (Some(store), Some((name, _))) = (&args.store, args.settings.first()) {
            let text = format!("`{name}` is a setting of the memo: give it to the builder of the one in `store`");
            return Err(Error::new(store.span(), text));
        }
        Ok(args)
    }
}

impl Args {
    fn add(&mut self, name: Ident, value: Expr) -> Result<()> {
        let twice = match name.to_string().as_str() {
            "store" => self.store.replace(value).is_some(),
            "ttl" | "keep_errors" | "max_entries" => {
                let twice = self.settings.iter().any(|(other, _)| *other == name);
                self.settings.push((name.clone(), value));
                twice
            }
            other => {
                let text = format!("unknown setting `{other}`; there are `ttl`, `max_entries`, `keep_errors` and `store`");
                return Err(Error::new(name.span(), text));
            }
        };
        if twice { Err(Error::new(name.span(), format!("`{name}` is given twice"))) } else { Ok(()) }
    }
}
