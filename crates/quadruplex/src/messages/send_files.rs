//! Sending files: uploading, then sending.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::marker::PhantomData;
use std::sync::Mutex;
use std::time::SystemTime;

use futures_util::stream::{self, StreamExt, TryStreamExt};
use quadruplex_api::functions::messages;
use quadruplex_api::{PeerRef, Request, enums, types};
use quadruplex_net::BoxFuture;
use quadruplex_tl::Identifiable;
use tokio::time::Instant;

use super::attachment::{Attachment, stored};
use super::send::{Outgoing, unix};
use super::{Message, sent};
use crate::calls::{Line, Patience, Place};
use crate::client::{CallOptions, call_options, lock};
use crate::files::told_in;
use crate::router::carried;
use crate::{Call, Client, Error, FormattedText, LastSeen, Progress};

/// So many files of an album are uploaded at once; each has several parts on their way.
const UPLOADS: usize = 3;

/// Files to be uploaded and sent; see [`Client::send_file`] and [`Client::send_album`]. `T` is what comes of it: a message or several.
///
/// It has the options of a [`Call`]. A timeout is for all of it, with uploading. In a queue, who comes after it waits until the files are
/// uploaded. Under a key they are sent once, and uploaded each time.
///
/// # Cancel safety
/// If it is dropped while it uploads, nothing was sent; after that, it may have been.
#[must_use = "nothing is sent until it is awaited"]
pub struct SendFiles<'a, T> {
    client: Client,
    chat: PeerRef,
    files: Vec<Attachment>,
    settings: Settings,
    progress: Option<Box<dyn FnMut(Progress) + Send + 'a>>,
    options: CallOptions,
    result: PhantomData<fn() -> T>,
}

#[derive(Clone, Debug, Default)]
struct Settings {
    photos: bool,
    silent: bool,
    protected: bool,
    reply_to: Option<i32>,
    schedule: Option<i32>,
    buttons: Option<enums::ReplyMarkup>,
}

impl Client {
    /// Uploads a file and sends it as a document, which arrives as it is.
    ///
    /// ```no_run
    /// # async fn example(client: quadruplex::Client) -> Result<(), quadruplex::Error> {
    /// client.send_file("@lena", "report.pdf").caption("as promised").progress(|progress| println!("{} bytes", progress.done)).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn send_file<'a>(&self, chat: impl Into<PeerRef>, file: impl Into<Attachment>) -> SendFiles<'a, Message> {
        SendFiles::new(self, chat.into(), vec![file.into()], false)
    }

    /// Uploads a picture and sends it as a photo.
    ///
    /// ```no_run
    /// # async fn example(client: quadruplex::Client) -> Result<(), quadruplex::Error> {
    /// client.send_photo("@lena", "sea.jpg").caption("the sea").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn send_photo<'a>(&self, chat: impl Into<PeerRef>, picture: impl Into<Attachment>) -> SendFiles<'a, Message> {
        SendFiles::new(self, chat.into(), vec![picture.into().photo()], true)
    }

    /// Uploads two to ten files and sends them as one album: pictures as photos unless they are said to be
    /// [documents](Attachment::document). Telegram does not take both in one album.
    ///
    /// ```no_run
    /// # async fn example(client: quadruplex::Client) -> Result<(), quadruplex::Error> {
    /// let album = client.send_album("@lena", ["sea.jpg", "mountains.jpg"]).caption("holidays").await?;
    /// assert_eq!(album[0].album(), album[1].album());
    /// # Ok(())
    /// # }
    /// ```
    pub fn send_album<'a>(
        &self,
        chat: impl Into<PeerRef>,
        files: impl IntoIterator<Item = impl Into<Attachment>>,
    ) -> SendFiles<'a, Vec<Message>> {
        SendFiles::new(self, chat.into(), files.into_iter().map(Into::into).collect(), true)
    }
}

impl<'a, T> SendFiles<'a, T> {
    fn new(client: &Client, chat: PeerRef, files: Vec<Attachment>, photos: bool) -> Self {
        let settings = Settings { photos, ..Settings::default() };
        Self { client: client.clone(), chat, files, settings, progress: None, options: CallOptions::default(), result: PhantomData }
    }

    /// What is written under it; under the first file of an album.
    pub fn caption(mut self, caption: impl Into<FormattedText>) -> Self {
        if let Some(first) = self.files.first_mut() {
            *first = std::mem::replace(first, Attachment::from("")).caption(caption);
        }
        self
    }

    /// Without a sound at the other end.
    pub fn silent(mut self) -> Self {
        self.settings.silent = true;
        self
    }

    /// Cannot be forwarded or saved.
    pub fn protected(mut self) -> Self {
        self.settings.protected = true;
        self
    }

    /// As an answer to a message of the same chat: its id, or the message.
    pub fn reply_to(mut self, message: impl Into<i32>) -> Self {
        self.settings.reply_to = Some(message.into());
        self
    }

    /// Later, by Telegram itself.
    pub fn schedule(mut self, at: SystemTime) -> Self {
        self.settings.schedule = Some(unix(at));
        self
    }

    call_options!();

    /// Is called after every part, with the bytes of all files together.
    pub fn progress(mut self, tell: impl FnMut(Progress) + Send + 'a) -> Self {
        self.progress = Some(Box::new(tell));
        self
    }

    /// Tells how far it is in a message of this account, which is edited at most every three seconds: the other way than
    /// [`progress`](Self::progress).
    pub fn edit(self, status: &Message) -> Self {
        self.progress(told_in(status))
    }
}

impl<T> SendFiles<'_, T> {
    /// As a call takes its place when it begins to be awaited.
    fn take_place(&mut self) -> Option<Place> {
        let Line { name, after_failure, .. } = std::mem::take(&mut self.options.line);
        name.map(|name| self.client.inner.queues.join(name, after_failure.unwrap_or_default(), None))
    }

    /// The ids by which Telegram knows what is sent. They are drawn now, since uploads that go on side by side end in any order. Under a key
    /// they follow from that.
    fn draw_ids(&self) -> Vec<i64> {
        let files = if self.options.once.is_some() { &[][..] } else { &self.files };
        files.iter().map(|_| self.client.inner.send_id()).collect()
    }
}

impl<T: 'static> SendFiles<'static, T>
where
    Self: IntoFuture<Output = Result<T, Error>, IntoFuture = BoxFuture<'static, Result<T, Error>>>,
{
    /// Uploads and sends in the background; an error goes where those of detached calls go, see [`Call::detach`]. Its place in a
    /// [queue](Self::queue) is taken now.
    ///
    /// ```no_run
    /// # async fn example(client: quadruplex::Client) {
    /// client.send_photo("@lena", "sea.jpg").queue("lena").detach();
    /// client.send("@lena", "as promised").queue("lena").detach();
    /// # }
    /// ```
    ///
    /// # Panics
    /// Outside a Tokio runtime.
    pub fn detach(self) {
        let method = if self.files.len() > 1 { messages::SendMultiMedia::NAME } else { messages::SendMedia::NAME };
        let client = self.client.clone();
        let sending = self.into_future();
        tokio::spawn(carried(async move {
            if let Err(error) = sending.await {
                client.inner.report(method, error);
            }
        }));
    }
}

impl SendFiles<'_, Message> {
    /// With [`Buttons`](crate::Buttons) under it, or with a [`Keyboard`](crate::Keyboard). Albums have none.
    pub fn buttons(mut self, buttons: impl Into<enums::ReplyMarkup>) -> Self {
        self.settings.buttons = Some(buttons.into());
        self
    }
}

impl Settings {
    fn apply(&self, request: &mut impl Outgoing) {
        let options = request.options();
        *options.silent = self.silent;
        *options.noforwards = self.protected;
        *options.reply_to = self.reply_to.map(|id| types::InputReplyToMessage::new(id).into());
        *options.schedule_date = self.schedule;
    }
}

impl<'a> IntoFuture for SendFiles<'a, Message> {
    type Output = Result<Message, Error>;
    type IntoFuture = BoxFuture<'a, Self::Output>;

    fn into_future(mut self) -> Self::IntoFuture {
        let (place, ids) = (self.take_place(), self.draw_ids());
        Box::pin(async move {
            let Self { client, chat, files, settings, mut progress, options, .. } = self;
            let Some(mut file) = files.into_iter().next() else { return Err(Error::Invalid("there is no file to send".to_owned())) };
            let caption = file.take_caption();
            let upload = async {
                let tell = |so_far| progress.iter_mut().for_each(|tell| tell(so_far));
                let media = file.upload(&client, settings.photos, tell).await?;
                let mut call = client.send_media(chat, media, caption);
                settings.apply(&mut *call.request);
                call.request.reply_markup = settings.buttons;
                call.request.random_id = ids.first().copied().unwrap_or_default();
                Ok(call)
            };
            send(place, options, upload).await
        })
    }
}

impl<'a> IntoFuture for SendFiles<'a, Vec<Message>> {
    type Output = Result<Vec<Message>, Error>;
    type IntoFuture = BoxFuture<'a, Self::Output>;

    fn into_future(mut self) -> Self::IntoFuture {
        let (place, ids) = (self.take_place(), self.draw_ids());
        Box::pin(async move {
            let Self { client, chat, files, settings, progress, options, .. } = self;
            let total = Mutex::new(Total { files: vec![None; files.len()], progress });
            let prepare = async |(at, file): (usize, Attachment)| {
                let tell = |so_far| lock(&total).tell(at, so_far);
                single(&client, &chat, file, settings.photos, tell).await
            };
            let upload = async {
                let mut items: Vec<_> = stream::iter(files.into_iter().enumerate()).map(prepare).buffered(UPLOADS).try_collect().await?;
                items.iter_mut().zip(ids).for_each(|(item, id)| item.random_id = id);
                let mut request = messages::SendMultiMedia::new(chat.clone(), items);
                settings.apply(&mut request);
                Ok(Call::typed(client.clone(), request, sent::album))
            };
            send(place, options, upload).await
        })
    }
}

/// Makes the call when the files are there, with the place in the queue and within the time that it had before that.
async fn send<T: Send + 'static, R: Request>(
    place: Option<Place>,
    mut options: CallOptions,
    upload: impl Future<Output = Result<Call<T, R>, Error>>,
) -> Result<T, Error> {
    let began = Instant::now();
    let uploaded = Patience::of(&options).wait(upload).await;
    let uploaded = uploaded.map_err(|gave_up| gave_up.error(R::NAME, LastSeen::NotSent("its files were being uploaded")));
    let mut call = match uploaded.and_then(|call| call) {
        Ok(call) => call,
        Err(error) => {
            if let Some(place) = place {
                place.end(true);
            }
            return Err(error);
        }
    };
    options.timeout = options.timeout.map(|after| after.saturating_sub(began.elapsed()));
    call.options = options;
    call.start_in(place).prepare().await.finish().await
}

/// Uploads a file and has Telegram make media of it, which alone an album takes.
async fn single(
    client: &Client,
    chat: &PeerRef,
    mut file: Attachment,
    photo: bool,
    tell: impl FnMut(Progress) + Send,
) -> Result<enums::InputSingleMedia, Error> {
    let (caption, entities) = file.take_caption().into_parts();
    let mut media = file.upload(client, photo, tell).await?;
    if !matches!(media, enums::InputMedia::Photo(_) | enums::InputMedia::Document(_)) {
        let made = client.inner.invoke(messages::UploadMedia::new(chat.clone(), media)).await?;
        media = stored(&made).ok_or_else(|| Error::Invalid("Telegram made neither a photo nor a document of a file".to_owned()))?;
    }
    Ok(types::InputSingleMedia { entities, ..types::InputSingleMedia::new(media, caption) })
}

/// How far several uploads have come together.
struct Total<'a> {
    files: Vec<Option<Progress>>,
    progress: Option<Box<dyn FnMut(Progress) + Send + 'a>>,
}

impl Total<'_> {
    fn tell(&mut self, at: usize, so_far: Progress) {
        self.files[at] = Some(so_far);
        let done = self.files.iter().flatten().map(|file| file.done).sum();
        let total = self.files.iter().map(|file| file.and_then(|file| file.total)).sum();
        if let Some(tell) = &mut self.progress {
            tell(Progress { done, total });
        }
    }
}

impl<T> fmt::Debug for SendFiles<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { chat, files, settings, .. } = self;
        f.debug_struct("SendFiles").field("chat", chat).field("files", files).field("settings", settings).finish_non_exhaustive()
    }
}
