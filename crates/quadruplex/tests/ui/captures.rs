use quadruplex::prelude::*;

fn main() {
    let greeting = String::from("hello");
    drop(Router::new().on_message(async |_: Text| greeting.clone()));
}
