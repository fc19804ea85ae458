//! A small HTTP server: every request has its bounds and its deadline, and every connection is for one.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use hyper::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tracing::{debug, warn};

use super::Monitor;
use super::health::{Health, Trouble};
use super::page::page;

/// So many requests are answered at once; others wait to be accepted.
const AT_ONCE: usize = 16;
/// A request that has not come by then is given up,
const HEAD: Duration = Duration::from_secs(5);
/// and so is an answer that was not taken by then.
const WHOLE: Duration = Duration::from_secs(15);
const HEADERS: usize = 64;
/// The least that hyper takes.
const BUFFER: usize = 8 * 1024;

type Others = Arc<dyn Fn() -> Vec<Trouble> + Send + Sync>;

pub(super) async fn serve(listener: TcpListener, monitor: Monitor, others: Others) {
    let slots = Arc::new(Semaphore::new(AT_ONCE));
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        let Ok(slot) = Arc::clone(&slots).acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, _)) => {
                let answer = answer_one(stream, monitor.clone(), Arc::clone(&others));
                connections.spawn(async move {
                    if timeout(WHOLE, answer).await.is_err() {
                        debug!("a request for metrics was not over in time");
                    }
                    drop(slot);
                });
            }
            Err(error) => {
                warn!(%error, "requests for metrics cannot be accepted");
                sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

async fn answer_one(stream: TcpStream, monitor: Monitor, others: Others) {
    let service = service_fn(move |request: Request<hyper::body::Incoming>| {
        let (monitor, others) = (monitor.clone(), Arc::clone(&others));
        async move { Ok::<_, Infallible>(answer(request.method(), request.uri().path(), &monitor, &*others).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_headers(HEADERS)
        .max_buf_size(BUFFER)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service);
    if let Err(error) = connection.await {
        debug!(%error, "a request for metrics has failed");
    }
}

async fn answer(method: &Method, path: &str, monitor: &Monitor, others: &(dyn Fn() -> Vec<Trouble> + Send + Sync)) -> Response<String> {
    const TEXT: &str = "text/plain; charset=utf-8";
    const JSON: &str = "application/json";
    let is_known = matches!(path, "/metrics" | "/health" | "/health/live" | "/health/ready");
    if !is_known {
        return response(StatusCode::NOT_FOUND, TEXT, "there are /metrics, /health/ready (also as /health) and /health/live\n".to_owned());
    }
    if !matches!(*method, Method::GET | Method::HEAD) {
        let mut refused = response(StatusCode::METHOD_NOT_ALLOWED, TEXT, "only GET\n".to_owned());
        refused.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return refused;
    }
    match path {
        "/metrics" => response(StatusCode::OK, "text/plain; version=0.0.4; charset=utf-8", page(&monitor.gauges().await)),
        // Who gets this answer knows that the runtime runs tasks; there is nothing else that a new start would make better.
        "/health/live" => response(StatusCode::OK, JSON, "{\"status\":\"ok\"}\n".to_owned()),
        _ => {
            let health = Health::of(&monitor.gauges().await, others());
            let status = if health.is_good() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
            response(status, JSON, format!("{}\n", health.to_json()))
        }
    }
}

fn response(status: StatusCode, kind: &'static str, body: String) -> Response<String> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}
