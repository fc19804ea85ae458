//! Names and doc comments, as users of a bot see them.

use syn::{Attribute, Expr, ExprLit, Lit, Meta};

/// `SetTitle` as `set_title`.
pub(crate) fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    for char in name.trim_start_matches("r#").chars() {
        if char.is_uppercase() && !snake.is_empty() && !snake.ends_with('_') {
            snake.push('_');
        }
        snake.extend(char.to_lowercase());
    }
    snake
}

/// The lines of a doc comment up to the first empty one, as one line without the full stop at its end.
pub(crate) fn summary(attributes: &[Attribute]) -> String {
    let lines = attributes.iter().filter_map(|attribute| match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.value().trim().to_owned()),
            _ => None,
        },
        _ => None,
    });
    let first: Vec<String> = lines.skip_while(String::is_empty).take_while(|line| !line.is_empty()).collect();
    let text = first.join(" ");
    text.strip_suffix('.').map(str::to_owned).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_types_become_those_of_commands() {
        for (name, snake) in [("Roll", "roll"), ("SetTitle", "set_title"), ("ABC", "a_b_c"), ("Roll2", "roll2")] {
            assert_eq!(snake_case(name), snake);
        }
    }

    #[test]
    fn the_first_paragraph_is_the_summary() {
        let item: syn::ItemStruct = syn::parse_quote! {
            #[doc = ""]
            #[doc = " Roll dice,"]
            #[doc = " many at once."]
            #[doc = ""]
            #[doc = " And more."]
            struct Roll;
        };
        assert_eq!(summary(&item.attrs), "Roll dice, many at once");
        assert_eq!(summary(&[]), "");
    }
}
