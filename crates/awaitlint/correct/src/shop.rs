pub type Error = Box<dyn std::error::Error + Send + Sync>;

#[derive(Clone, Debug)]
pub struct User {
    pub id: u32,
    pub name: String,
}

/// What a server of the shop knows.
pub struct Shop {
    http: reqwest::Client,
    base: String,
}

impl Shop {
    pub fn new(base: String) -> Self {
        Shop { http: reqwest::Client::new(), base }
    }

    async fn load(&self, path: String) -> Result<String, Error> {
        let answer = self.http.get(format!("{}/{path}", self.base)).send().await?;
        Ok(answer.error_for_status()?.text().await?)
    }

    async fn save(&self, path: &str, text: &str) -> Result<(), Error> {
        self.http.put(format!("{}/{path}", self.base)).body(text.to_owned()).send().await?.error_for_status()?;
        Ok(())
    }

    pub async fn get_user(&self, id: u32) -> Result<User, Error> {
        let name = self.load(format!("users/{id}")).await?;
        Ok(User { id, name })
    }

    pub async fn list_orders(&self, user: u32) -> Result<Vec<u32>, Error> {
        let text = self.load(format!("orders/{user}")).await?;
        Ok(text.split(' ').filter_map(|id| id.parse().ok()).collect())
    }

    pub async fn fetch_price(&self, order: u32) -> Result<f64, Error> {
        Ok(self.load(format!("price/{order}")).await?.parse()?)
    }

    /// A name without a verb: nothing is known of it but its body.
    pub async fn rating(&self, user: u32) -> Result<f64, Error> {
        Ok(self.load(format!("rating/{user}")).await?.parse()?)
    }

    pub async fn find_name(&self, id: u32) -> String {
        self.load(format!("name/{id}")).await.unwrap_or_default()
    }

    pub async fn count_visits(&self) -> u64 {
        self.load("visits".to_owned()).await.map_or(0, |text| text.len() as u64)
    }

    pub async fn notify(&self, user: &User) -> Result<(), Error> {
        self.save(&format!("notify/{}", user.id), &user.name).await
    }

    pub async fn record(&self, event: &str) {
        self.save("events", event).await.ok();
    }
}
