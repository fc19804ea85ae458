//! What one layer says and another cannot.

use quadruplex_tl_schema::{Name, Object, Schema, Value};

/// Takes out of an answer what a layer has no words for: objects of constructors that it does not know, in fields and in vectors.
///
/// What the model says itself fits every built-in layer. What clients have said, keyboards above all, is kept as it came: a
/// keyboard of layer 230 is nothing to a client of layer 227.
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
    let unknown: Vec<Name> = object.fields.iter().filter(|(_, value)| !is_known(schema, value)).map(|(name, _)| name.clone()).collect();
    for name in unknown {
        object.remove(&name);
    }
    object.fields.iter_mut().for_each(|(_, value)| fit(schema, value));
}

fn is_known(schema: &Schema, value: &Value) -> bool {
    value.as_object().is_none_or(|object| schema.constructor(&object.name).is_some())
}
