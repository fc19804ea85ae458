//! What every operation answers, by our server and by real ones.

use std::time::Duration;

use awaitkit_memcached::{Error, Expires, Memcached, Swap};

use crate::fake::Fake;

#[tokio::test]
async fn operations_answer_as_documented() {
    check(&Fake::start().await.client()).await;
}

pub(crate) async fn check(cache: &Memcached) {
    let minute = Expires::In(Duration::from_secs(60));
    let get = async |key: &str| cache.get(key).await.unwrap().map(|value| String::from_utf8(value).unwrap());
    cache.flush().await.unwrap();

    assert_eq!(get("nothing").await, None);
    cache.set("a", "one", minute).await.unwrap();
    assert_eq!(get("a").await.as_deref(), Some("one"));
    assert!(!cache.add("a", "two", minute).await.unwrap());
    assert!(cache.add("b", "two", Expires::Never).await.unwrap());
    assert!(cache.replace("a", "three", minute).await.unwrap());
    assert!(!cache.replace("c", "three", minute).await.unwrap());
    assert_eq!((get("a").await.as_deref(), get("b").await.as_deref(), get("c").await), (Some("three"), Some("two"), None));

    assert!(cache.append("a", ">").await.unwrap() && cache.prepend("a", "<").await.unwrap());
    assert_eq!(get("a").await.as_deref(), Some("<three>"));
    assert!(!cache.append("c", ">").await.unwrap() && !cache.prepend("c", "<").await.unwrap());

    let read = cache.gets("a").await.unwrap().unwrap();
    assert_eq!(cache.cas("a", "mine", read.cas, minute).await.unwrap(), Swap::Stored);
    assert_eq!(cache.cas("a", "late", read.cas, minute).await.unwrap(), Swap::Changed);
    assert_eq!(cache.cas("c", "gone", read.cas, minute).await.unwrap(), Swap::Missing);
    assert_eq!(get("a").await.as_deref(), Some("mine"));

    cache.set("n", "9", Expires::Never).await.unwrap();
    assert_eq!(cache.incr("n", 3).await.unwrap(), Some(12));
    assert_eq!(cache.decr("n", 5).await.unwrap(), Some(7));
    assert_eq!(cache.decr("n", 50).await.unwrap(), Some(0), "not below zero");
    assert_eq!(cache.incr("c", 1).await.unwrap(), None);
    let refused = cache.incr("a", 1).await.unwrap_err();
    assert!(matches!(&refused, Error::Refused { answer, .. } if answer.contains("non-numeric")), "{refused}");

    assert!(cache.touch("a", minute).await.unwrap() && !cache.touch("c", minute).await.unwrap());
    assert!(cache.delete("a").await.unwrap() && !cache.delete("a").await.unwrap());

    cache.with_flags(77).set("flagged", [0, 13, 10, 255], minute).await.unwrap();
    let item = cache.gets("flagged").await.unwrap().unwrap();
    assert_eq!((item.value, item.flags), (vec![0, 13, 10, 255], 77));
    cache.set("empty", "", minute).await.unwrap();
    assert_eq!(get("empty").await.as_deref(), Some(""));

    let many = cache.get_many(["n", "nothing", "b", "n", "empty"]).await;
    let many: Vec<_> = many.into_iter().map(|value| value.unwrap().map(|value| String::from_utf8(value).unwrap())).collect();
    assert_eq!(many, [Some("0 "), None, Some("two"), Some("0 "), Some("")].map(|value| value.map(str::to_owned)));

    assert!(cache.versions().await.iter().all(|(_, version)| version.as_ref().unwrap().starts_with("1.")));
    cache.flush().await.unwrap();
    assert_eq!(get("b").await, None);
}
