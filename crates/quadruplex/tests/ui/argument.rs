use quadruplex::prelude::*;

struct Database;

async fn echo(msg: Text, database: Database) -> String {
    msg.text().to_owned()
}

fn main() {
    drop(Router::new().on_message(echo));
}
