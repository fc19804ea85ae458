//! The forms in which users write things compile, also inside `tokio::spawn`, where every other shape of a bounded map fails.

use std::collections::HashMap;

use awaitkit::*;
use futures_util::stream;

async fn length(text: &str) -> usize {
    text.len()
}

async fn double(n: u32) -> u32 {
    2 * n
}

#[tokio::test]
async fn borrowing_async_closure() {
    tokio::spawn(async {
        let base = String::from("abc");
        let lengths = map_concurrent(vec![1, 2, 3], limit!(2), async |n| base.len() + n).await;
        assert_eq!(lengths, [4, 5, 6]);
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn function_name() {
    tokio::spawn(async { assert_eq!(map_concurrent([1, 2], limit!(2), double).await, [2, 4]) }).await.unwrap();
}

#[tokio::test]
async fn mapped_iterator_of_borrows() {
    tokio::spawn(async {
        let words = vec![String::from("a"), String::from("bcd")];
        assert_eq!(map_concurrent(words.iter().map(|word| word.as_str()), limit!(2), length).await, [1, 3]);
        assert_eq!(map_concurrent(&words, limit!(2), async |word| word.len()).await, [1, 3]);
        let long: Vec<&String> = filter_concurrent(&words, limit!(2), async |word: &String| word.len() > 1).await;
        assert_eq!(long, ["bcd"]);
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn iteration_over_a_map() {
    tokio::spawn(async {
        let ages = HashMap::from([("ada", 36), ("bob", 40)]);
        let mut older = map_concurrent(&ages, limit!(2), async |(name, age)| format!("{name} {}", age + 1)).await;
        older.sort();
        assert_eq!(older, ["ada 37", "bob 41"]);
        let total: i32 = map_concurrent(ages.values(), limit!(2), async |age| *age).await.into_iter().sum();
        assert_eq!(total, 76);
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn counting_closure() {
    tokio::spawn(async {
        let mut calls = 0;
        let values = map_concurrent(0..3, limit!(1), |n| {
            calls += 1;
            async move { n + 1 }
        })
        .await;
        assert_eq!((values, calls), (vec![1, 2, 3], 3));
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn streams() {
    tokio::spawn(async {
        let odd = stream::iter(0..6).filter(|n| std::future::ready(n % 2 == 1));
        assert_eq!(map_concurrent(odd, limit!(2), async |n| 10 * n).await, [10, 30, 50]);
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn question_mark_inside() {
    async fn add(lines: &[&str]) -> Result<i32, std::num::ParseIntError> {
        let numbers = try_map_concurrent(lines, limit!(4), async |line| {
            let n: i32 = line.parse()?;
            Ok(n + 1)
        })
        .await?;
        Ok(numbers.iter().sum())
    }
    assert_eq!(add(&["1", "2"]).await, Ok(5));
    assert!(add(&["1", "x"]).await.is_err());
}

async fn generic<I: IntoIterator<Item = u32>>(numbers: I) -> Vec<u32> {
    map_concurrent(numbers, limit!(3), double).await
}

#[tokio::test]
async fn generic_callers() {
    tokio::spawn(async { assert_eq!(generic([4, 5]).await, [8, 10]) }).await.unwrap();
    let opaque: Box<dyn Iterator<Item = u32>> = Box::new(0..2);
    assert_eq!(generic(opaque).await, [0, 2]);
}

#[tokio::test]
async fn limits_of_every_kind() -> Result<(), ZeroLimit> {
    let read = Limit::try_from(3)?;
    assert_eq!(map_concurrent([1], read, double).await, [2]);
    assert_eq!(map_concurrent([1], std::num::NonZeroUsize::MIN, double).await, [2]);
    assert_eq!(join_all([double(1), double(3)], Unlimited).await, [2, 6]);
    assert_eq!(Limit::try_from(0), Err(ZeroLimit));
    Ok(())
}
