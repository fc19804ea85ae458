use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;

pub type Error = Box<dyn std::error::Error + Send + Sync>;
pub type Reply<'a> = Pin<Box<dyn Future<Output = Result<String, Error>> + Send + 'a>>;

/// Something far away.
pub trait Remote: Send + Sync {
    fn request<'a>(&'a self, path: &'a str) -> Reply<'a>;
}

/// What is far away, in a directory that is mounted from there.
pub struct Mirror {
    dir: PathBuf,
}

impl Mirror {
    pub fn new(dir: PathBuf) -> Self {
        Mirror { dir }
    }
}

impl Remote for Mirror {
    fn request<'a>(&'a self, path: &'a str) -> Reply<'a> {
        Box::pin(async move {
            let text = tokio::fs::read_to_string(self.dir.join(path)).await?;
            Ok(text.trim_end().to_owned())
        })
    }
}

#[derive(Clone, Debug)]
pub struct User {
    pub id: u32,
    pub name: String,
}

pub struct Shop<R> {
    remote: R,
}

impl<R: Remote> Shop<R> {
    pub fn new(remote: R) -> Self {
        Shop { remote }
    }

    pub async fn get_user(&self, id: u32) -> Result<User, Error> {
        let name = self.remote.request(&format!("users/{id}")).await?;
        Ok(User { id, name })
    }

    pub async fn list_orders(&self, user: u32) -> Result<Vec<u32>, Error> {
        let text = self.remote.request(&format!("orders/{user}")).await?;
        Ok(text.split(' ').filter_map(|id| id.parse().ok()).collect())
    }

    pub async fn fetch_price(&self, order: u32) -> Result<f64, Error> {
        Ok(self.remote.request(&format!("price/{order}")).await?.parse()?)
    }

    /// A name without a verb: nothing is known of it but its body.
    pub async fn rating(&self, user: u32) -> Result<f64, Error> {
        Ok(self.remote.request(&format!("rating/{user}")).await?.parse()?)
    }

    pub async fn find_name(&self, id: u32) -> String {
        self.remote.request(&format!("name/{id}")).await.unwrap_or_default()
    }

    pub async fn count_visits(&self) -> u64 {
        self.remote.request("visits").await.map_or(0, |text| text.len() as u64)
    }

    pub async fn notify(&self, user: &User) -> Result<(), Error> {
        self.remote.request(&format!("notify/{}", user.id)).await.map(drop)
    }

    pub async fn record(&self, event: &str) {
        self.remote.request(event).await.ok();
    }
}
