//! What one layer says and another cannot.

use quadruplex_tl_schema::{Name, Object, Schema, Value};

use super::super::keyboards;

/// Takes out of an answer what a layer has no words for: objects of constructors that it does not know, in fields and in vectors,
/// and fields that its constructors do not have.
///
/// What the model says itself fits every built-in layer, and keyboards are said in the words of the layer. Whatever else clients
/// have said is kept as it came.
///
/// ```
/// use quadruplex_sandbox::world::fit;
/// use quadruplex_tl_schema::{Object, Schema, Value};
///
/// let schema = Schema::parse("dog name:string = Animal;\nbarn animals:Vector<Animal> = Barn;")?;
/// let mut barn = Value::from(Object::new("barn").with("animals", vec![Object::new("dog"), Object::new("unicorn")]));
/// fit(&schema, &mut barn);
/// assert_eq!(barn.as_object().map(|barn| barn.objects("animals").count()), Some(1));
/// # Ok::<(), quadruplex_tl_schema::ParseErrors>(())
/// ```
pub fn fit(schema: &Schema, value: &mut Value) {
    match value {
        Value::Vector(items) => {
            items.retain(|item| is_known(schema, item));
            items.iter_mut().for_each(|item| fit(schema, item));
        }
        Value::Object(object) => fit_object(schema, object),
        _ => {}
    }
}

fn fit_object(schema: &Schema, object: &mut Object) {
    if object.is("replyInlineMarkup") || object.is("replyKeyboardMarkup") {
        let rows: Value = object.objects("rows").filter_map(keyboards::in_old_words).collect();
        if schema.constructor("keyboardInlineButton").is_none() {
            object.set("rows", rows);
        }
    }
    let words = schema.constructor(&object.name);
    let has = |field: &Name| words.is_none_or(|words| words.params.iter().any(|param| param.name == *field));
    let unknown = object.fields.iter().filter(|(name, value)| !has(name) || !is_known(schema, value));
    let unknown: Vec<Name> = unknown.map(|(name, _)| name.clone()).collect();
    for name in unknown {
        object.remove(&name);
    }
    object.fields.iter_mut().for_each(|(_, value)| fit(schema, value));
}

fn is_known(schema: &Schema, value: &Value) -> bool {
    value.as_object().is_none_or(|object| schema.constructor(&object.name).is_some())
}
