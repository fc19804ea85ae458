//! A WebSocket client: many questions over one connection, each answer to the one who asked.

use awaitkit::{limit, map_concurrent, spawn};
use futures_util::{SinkExt, StreamExt, TryStreamExt};
use server_examples::Result;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{accept_async, connect_async};

type Question = (String, oneshot::Sender<String>);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("ws://{}/", listener.local_addr()?);
    let server = spawn(serve(listener));

    let (questions, asked) = mpsc::channel(16);
    let connection = spawn(connection(url, asked));
    let answers = map_concurrent(1..=100, limit!(16), async |number| ask(&questions, format!("{number}")).await).await;
    assert!(answers.into_iter().zip(1..).all(|(answer, number)| answer.is_some_and(|answer| answer == format!("you said {number}"))));

    drop(questions);
    connection.await??;
    let (connections, messages) = server.await??;
    println!("WebSocket: 100 questions over {connections} connection, {messages} messages");
    assert_eq!((connections, messages), (1, 100));
    Ok(())
}

async fn ask(questions: &mpsc::Sender<Question>, text: String) -> Option<String> {
    let (sender, answer) = oneshot::channel();
    questions.send((text, sender)).await.ok()?;
    answer.await.ok()
}

/// Owns the connection: sends what is asked, and gives the answers, which come in the same order, to those who asked.
async fn connection(url: String, mut asked: mpsc::Receiver<Question>) -> Result {
    let (stream, _) = connect_async(url).await?;
    let (mut sink, mut answers) = stream.split();
    let (waiting, mut next) = mpsc::channel::<oneshot::Sender<String>>(16);
    let ask = async {
        while let Some((text, sender)) = asked.recv().await {
            sink.send(Message::text(text)).await?;
            waiting.send(sender).await?;
        }
        drop(waiting);
        Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
    };
    let hear = async {
        while let Some(sender) = next.recv().await {
            let answer = answers.try_next().await?.ok_or("the server has closed the connection")?;
            // Who does not wait any more does not want it.
            let _ = sender.send(answer.into_text()?.to_string());
        }
        Ok(())
    };
    awaitkit::try_join!(ask, hear)?;
    sink.close().await?;
    Ok(())
}

/// Serves the first who comes until he goes, and says how many came and how many messages there were.
async fn serve(listener: TcpListener) -> Result<(usize, usize)> {
    let mut stream = accept_async(listener.accept().await?.0).await?;
    let (mut connections, mut messages) = (1, 0);
    loop {
        tokio::select! {
            biased;
            another = listener.accept() => {
                drop(another?);
                connections += 1;
            }
            message = stream.next() => match message {
                Some(Ok(Message::Text(text))) => {
                    messages += 1;
                    stream.send(Message::text(format!("you said {text}"))).await?;
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Ok((connections, messages)),
            },
        }
    }
}
