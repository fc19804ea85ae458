//! One method and one argument for each kind of update, by the schema's names.

use quadruplex_api::{enums, types};

use super::{Argument, Handler, Refusal, Router, Update, Wanted};

#[cfg(test)]
mod tests;

macro_rules! updates {
    ($($method:ident $name:literal $variant:ident $($type:ident)?;)+) => {
        /// One method for each kind of update, named as the schema names them. The handler may take the update itself, as
        /// `types::Update…`; what has an argument or a method of its own is easier to handle there.
        ///
        /// ```
        /// use quadruplex::api::types;
        /// use quadruplex::prelude::*;
        ///
        /// async fn typing(update: types::UpdateUserTyping) {
        ///     println!("{} is typing", update.user_id);
        /// }
        ///
        /// let router = Router::new().on_user_typing(typing).on_delete_messages(async || println!("something was deleted"));
        /// # let _ = router;
        /// ```
        impl Router {$(
            #[doc = concat!("[`", $name, "`](https://core.telegram.org/constructor/", $name, ").")]
            pub fn $method<A: 'static>(self, handler: impl Handler<A>) -> Self {
                self.route(Wanted::Constructor($name), handler)
            }
        )+}

        $($(
            impl Argument for types::$type {
                fn fits(update: &Update) -> bool {
                    update.name() == $name
                }

                async fn take(update: &Update) -> Result<Self, Refusal> {
                    match update.raw() {
                        Some(enums::Update::$variant(update)) => Ok(Self::clone(&update)),
                        _ => Err(Refusal::Skip),
                    }
                }
            }
        )?)+

        /// The method, the update and its type of each kind.
        #[cfg(test)]
        const TABLE: &[(&str, &str, &str)] = &[$((stringify!($method), $name, stringify!($($type)?))),+];

        /// A handler for each, as the table of `docs/updates.md` shows it, that notes what has come.
        #[cfg(test)]
        fn one_for_each(seen: &tests::Seen) -> Router {
            Router::new()$(.$method(tests::note!(seen $name $($type)?)))+
        }
    };
}

updates! {
    on_new_message "updateNewMessage" NewMessage UpdateNewMessage;
    on_message_id "updateMessageID" MessageId UpdateMessageId;
    on_delete_messages "updateDeleteMessages" DeleteMessages UpdateDeleteMessages;
    on_user_typing "updateUserTyping" UserTyping UpdateUserTyping;
    on_chat_user_typing "updateChatUserTyping" ChatUserTyping UpdateChatUserTyping;
    on_chat_participants "updateChatParticipants" ChatParticipants UpdateChatParticipants;
    on_user_status "updateUserStatus" UserStatus UpdateUserStatus;
    on_user_name "updateUserName" UserName UpdateUserName;
    on_new_authorization "updateNewAuthorization" NewAuthorization UpdateNewAuthorization;
    on_new_encrypted_message "updateNewEncryptedMessage" NewEncryptedMessage UpdateNewEncryptedMessage;
    on_encrypted_chat_typing "updateEncryptedChatTyping" EncryptedChatTyping UpdateEncryptedChatTyping;
    on_encryption "updateEncryption" Encryption UpdateEncryption;
    on_encrypted_messages_read "updateEncryptedMessagesRead" EncryptedMessagesRead UpdateEncryptedMessagesRead;
    on_chat_participant_add "updateChatParticipantAdd" ChatParticipantAdd UpdateChatParticipantAdd;
    on_chat_participant_delete "updateChatParticipantDelete" ChatParticipantDelete UpdateChatParticipantDelete;
    on_dc_options "updateDcOptions" DcOptions UpdateDcOptions;
    on_notify_settings "updateNotifySettings" NotifySettings UpdateNotifySettings;
    on_service_notification "updateServiceNotification" ServiceNotification UpdateServiceNotification;
    on_privacy "updatePrivacy" Privacy UpdatePrivacy;
    on_user_phone "updateUserPhone" UserPhone UpdateUserPhone;
    on_read_history_inbox "updateReadHistoryInbox" ReadHistoryInbox UpdateReadHistoryInbox;
    on_read_history_outbox "updateReadHistoryOutbox" ReadHistoryOutbox UpdateReadHistoryOutbox;
    on_web_page "updateWebPage" WebPage UpdateWebPage;
    on_read_messages_contents "updateReadMessagesContents" ReadMessagesContents UpdateReadMessagesContents;
    on_channel "updateChannel" Channel UpdateChannel;
    on_new_channel_message "updateNewChannelMessage" NewChannelMessage UpdateNewChannelMessage;
    on_read_channel_inbox "updateReadChannelInbox" ReadChannelInbox UpdateReadChannelInbox;
    on_delete_channel_messages "updateDeleteChannelMessages" DeleteChannelMessages UpdateDeleteChannelMessages;
    on_channel_message_views "updateChannelMessageViews" ChannelMessageViews UpdateChannelMessageViews;
    on_chat_participant_admin "updateChatParticipantAdmin" ChatParticipantAdmin UpdateChatParticipantAdmin;
    on_new_sticker_set "updateNewStickerSet" NewStickerSet UpdateNewStickerSet;
    on_sticker_sets_order "updateStickerSetsOrder" StickerSetsOrder UpdateStickerSetsOrder;
    on_sticker_sets "updateStickerSets" StickerSets UpdateStickerSets;
    on_saved_gifs "updateSavedGifs" SavedGifs;
    on_bot_inline_query "updateBotInlineQuery" BotInlineQuery UpdateBotInlineQuery;
    on_bot_inline_send "updateBotInlineSend" BotInlineSend UpdateBotInlineSend;
    on_edit_channel_message "updateEditChannelMessage" EditChannelMessage UpdateEditChannelMessage;
    on_bot_callback_query "updateBotCallbackQuery" BotCallbackQuery UpdateBotCallbackQuery;
    on_edit_message "updateEditMessage" EditMessage UpdateEditMessage;
    on_inline_bot_callback_query "updateInlineBotCallbackQuery" InlineBotCallbackQuery UpdateInlineBotCallbackQuery;
    on_read_channel_outbox "updateReadChannelOutbox" ReadChannelOutbox UpdateReadChannelOutbox;
    on_draft_message "updateDraftMessage" DraftMessage UpdateDraftMessage;
    on_read_featured_stickers "updateReadFeaturedStickers" ReadFeaturedStickers;
    on_recent_stickers "updateRecentStickers" RecentStickers;
    on_config "updateConfig" Config;
    on_channel_web_page "updateChannelWebPage" ChannelWebPage UpdateChannelWebPage;
    on_dialog_pinned "updateDialogPinned" DialogPinned UpdateDialogPinned;
    on_pinned_dialogs "updatePinnedDialogs" PinnedDialogs UpdatePinnedDialogs;
    on_bot_webhook_json "updateBotWebhookJSON" BotWebhookJson UpdateBotWebhookJson;
    on_bot_webhook_json_query "updateBotWebhookJSONQuery" BotWebhookJsonQuery UpdateBotWebhookJsonQuery;
    on_bot_shipping_query "updateBotShippingQuery" BotShippingQuery UpdateBotShippingQuery;
    on_bot_precheckout_query "updateBotPrecheckoutQuery" BotPrecheckoutQuery UpdateBotPrecheckoutQuery;
    on_phone_call "updatePhoneCall" PhoneCall UpdatePhoneCall;
    on_lang_pack_too_long "updateLangPackTooLong" LangPackTooLong UpdateLangPackTooLong;
    on_lang_pack "updateLangPack" LangPack UpdateLangPack;
    on_faved_stickers "updateFavedStickers" FavedStickers;
    on_channel_read_messages_contents "updateChannelReadMessagesContents" ChannelReadMessagesContents UpdateChannelReadMessagesContents;
    on_contacts_reset "updateContactsReset" ContactsReset;
    on_channel_available_messages "updateChannelAvailableMessages" ChannelAvailableMessages UpdateChannelAvailableMessages;
    on_dialog_unread_mark "updateDialogUnreadMark" DialogUnreadMark UpdateDialogUnreadMark;
    on_message_poll "updateMessagePoll" MessagePoll UpdateMessagePoll;
    on_chat_default_banned_rights "updateChatDefaultBannedRights" ChatDefaultBannedRights UpdateChatDefaultBannedRights;
    on_folder_peers "updateFolderPeers" FolderPeers UpdateFolderPeers;
    on_peer_settings "updatePeerSettings" PeerSettings UpdatePeerSettings;
    on_peer_located "updatePeerLocated" PeerLocated UpdatePeerLocated;
    on_new_scheduled_message "updateNewScheduledMessage" NewScheduledMessage UpdateNewScheduledMessage;
    on_delete_scheduled_messages "updateDeleteScheduledMessages" DeleteScheduledMessages UpdateDeleteScheduledMessages;
    on_theme "updateTheme" Theme UpdateTheme;
    on_geo_live_viewed "updateGeoLiveViewed" GeoLiveViewed UpdateGeoLiveViewed;
    on_login_token "updateLoginToken" LoginToken;
    on_message_poll_vote "updateMessagePollVote" MessagePollVote UpdateMessagePollVote;
    on_dialog_filter "updateDialogFilter" DialogFilter UpdateDialogFilter;
    on_dialog_filter_order "updateDialogFilterOrder" DialogFilterOrder UpdateDialogFilterOrder;
    on_dialog_filters "updateDialogFilters" DialogFilters;
    on_phone_call_signaling_data "updatePhoneCallSignalingData" PhoneCallSignalingData UpdatePhoneCallSignalingData;
    on_channel_message_forwards "updateChannelMessageForwards" ChannelMessageForwards UpdateChannelMessageForwards;
    on_read_channel_discussion_inbox "updateReadChannelDiscussionInbox" ReadChannelDiscussionInbox UpdateReadChannelDiscussionInbox;
    on_read_channel_discussion_outbox "updateReadChannelDiscussionOutbox" ReadChannelDiscussionOutbox UpdateReadChannelDiscussionOutbox;
    on_peer_blocked "updatePeerBlocked" PeerBlocked UpdatePeerBlocked;
    on_channel_user_typing "updateChannelUserTyping" ChannelUserTyping UpdateChannelUserTyping;
    on_pinned_messages "updatePinnedMessages" PinnedMessages UpdatePinnedMessages;
    on_pinned_channel_messages "updatePinnedChannelMessages" PinnedChannelMessages UpdatePinnedChannelMessages;
    on_chat "updateChat" Chat UpdateChat;
    on_group_call_participants "updateGroupCallParticipants" GroupCallParticipants UpdateGroupCallParticipants;
    on_group_call "updateGroupCall" GroupCall UpdateGroupCall;
    on_peer_history_ttl "updatePeerHistoryTTL" PeerHistoryTtl UpdatePeerHistoryTtl;
    on_chat_participant "updateChatParticipant" ChatParticipant UpdateChatParticipant;
    on_channel_participant "updateChannelParticipant" ChannelParticipant UpdateChannelParticipant;
    on_bot_stopped "updateBotStopped" BotStopped UpdateBotStopped;
    on_group_call_connection "updateGroupCallConnection" GroupCallConnection UpdateGroupCallConnection;
    on_bot_commands "updateBotCommands" BotCommands UpdateBotCommands;
    on_pending_join_requests "updatePendingJoinRequests" PendingJoinRequests UpdatePendingJoinRequests;
    on_bot_chat_invite_requester "updateBotChatInviteRequester" BotChatInviteRequester UpdateBotChatInviteRequester;
    on_message_reactions "updateMessageReactions" MessageReactions UpdateMessageReactions;
    on_attach_menu_bots "updateAttachMenuBots" AttachMenuBots;
    on_web_view_result_sent "updateWebViewResultSent" WebViewResultSent UpdateWebViewResultSent;
    on_bot_menu_button "updateBotMenuButton" BotMenuButton UpdateBotMenuButton;
    on_saved_ringtones "updateSavedRingtones" SavedRingtones;
    on_transcribed_audio "updateTranscribedAudio" TranscribedAudio UpdateTranscribedAudio;
    on_read_featured_emoji_stickers "updateReadFeaturedEmojiStickers" ReadFeaturedEmojiStickers;
    on_user_emoji_status "updateUserEmojiStatus" UserEmojiStatus UpdateUserEmojiStatus;
    on_recent_emoji_statuses "updateRecentEmojiStatuses" RecentEmojiStatuses;
    on_recent_reactions "updateRecentReactions" RecentReactions;
    on_move_sticker_set_to_top "updateMoveStickerSetToTop" MoveStickerSetToTop UpdateMoveStickerSetToTop;
    on_message_extended_media "updateMessageExtendedMedia" MessageExtendedMedia UpdateMessageExtendedMedia;
    on_user "updateUser" User UpdateUser;
    on_auto_save_settings "updateAutoSaveSettings" AutoSaveSettings;
    on_story "updateStory" Story UpdateStory;
    on_read_stories "updateReadStories" ReadStories UpdateReadStories;
    on_story_id "updateStoryID" StoryId UpdateStoryId;
    on_stories_stealth_mode "updateStoriesStealthMode" StoriesStealthMode UpdateStoriesStealthMode;
    on_sent_story_reaction "updateSentStoryReaction" SentStoryReaction UpdateSentStoryReaction;
    on_bot_chat_boost "updateBotChatBoost" BotChatBoost UpdateBotChatBoost;
    on_channel_view_forum_as_messages "updateChannelViewForumAsMessages" ChannelViewForumAsMessages UpdateChannelViewForumAsMessages;
    on_peer_wallpaper "updatePeerWallpaper" PeerWallpaper UpdatePeerWallpaper;
    on_bot_message_reaction "updateBotMessageReaction" BotMessageReaction UpdateBotMessageReaction;
    on_bot_message_reactions "updateBotMessageReactions" BotMessageReactions UpdateBotMessageReactions;
    on_saved_dialog_pinned "updateSavedDialogPinned" SavedDialogPinned UpdateSavedDialogPinned;
    on_pinned_saved_dialogs "updatePinnedSavedDialogs" PinnedSavedDialogs UpdatePinnedSavedDialogs;
    on_saved_reaction_tags "updateSavedReactionTags" SavedReactionTags;
    on_sms_job "updateSmsJob" SmsJob UpdateSmsJob;
    on_quick_replies "updateQuickReplies" QuickReplies UpdateQuickReplies;
    on_new_quick_reply "updateNewQuickReply" NewQuickReply UpdateNewQuickReply;
    on_delete_quick_reply "updateDeleteQuickReply" DeleteQuickReply UpdateDeleteQuickReply;
    on_quick_reply_message "updateQuickReplyMessage" QuickReplyMessage UpdateQuickReplyMessage;
    on_delete_quick_reply_messages "updateDeleteQuickReplyMessages" DeleteQuickReplyMessages UpdateDeleteQuickReplyMessages;
    on_bot_business_connect "updateBotBusinessConnect" BotBusinessConnect UpdateBotBusinessConnect;
    on_bot_new_business_message "updateBotNewBusinessMessage" BotNewBusinessMessage UpdateBotNewBusinessMessage;
    on_bot_edit_business_message "updateBotEditBusinessMessage" BotEditBusinessMessage UpdateBotEditBusinessMessage;
    on_bot_delete_business_message "updateBotDeleteBusinessMessage" BotDeleteBusinessMessage UpdateBotDeleteBusinessMessage;
    on_new_story_reaction "updateNewStoryReaction" NewStoryReaction UpdateNewStoryReaction;
    on_stars_balance "updateStarsBalance" StarsBalance UpdateStarsBalance;
    on_business_bot_callback_query "updateBusinessBotCallbackQuery" BusinessBotCallbackQuery UpdateBusinessBotCallbackQuery;
    on_stars_revenue_status "updateStarsRevenueStatus" StarsRevenueStatus UpdateStarsRevenueStatus;
    on_bot_purchased_paid_media "updateBotPurchasedPaidMedia" BotPurchasedPaidMedia UpdateBotPurchasedPaidMedia;
    on_paid_reaction_privacy "updatePaidReactionPrivacy" PaidReactionPrivacy UpdatePaidReactionPrivacy;
    on_sent_phone_code "updateSentPhoneCode" SentPhoneCode UpdateSentPhoneCode;
    on_group_call_chain_blocks "updateGroupCallChainBlocks" GroupCallChainBlocks UpdateGroupCallChainBlocks;
    on_read_mono_forum_inbox "updateReadMonoForumInbox" ReadMonoForumInbox UpdateReadMonoForumInbox;
    on_read_mono_forum_outbox "updateReadMonoForumOutbox" ReadMonoForumOutbox UpdateReadMonoForumOutbox;
    on_mono_forum_no_paid_exception "updateMonoForumNoPaidException" MonoForumNoPaidException UpdateMonoForumNoPaidException;
    on_group_call_message "updateGroupCallMessage" GroupCallMessage UpdateGroupCallMessage;
    on_group_call_encrypted_message "updateGroupCallEncryptedMessage" GroupCallEncryptedMessage UpdateGroupCallEncryptedMessage;
    on_pinned_forum_topic "updatePinnedForumTopic" PinnedForumTopic UpdatePinnedForumTopic;
    on_pinned_forum_topics "updatePinnedForumTopics" PinnedForumTopics UpdatePinnedForumTopics;
    on_delete_group_call_messages "updateDeleteGroupCallMessages" DeleteGroupCallMessages UpdateDeleteGroupCallMessages;
    on_star_gift_auction_state "updateStarGiftAuctionState" StarGiftAuctionState UpdateStarGiftAuctionState;
    on_star_gift_auction_user_state "updateStarGiftAuctionUserState" StarGiftAuctionUserState UpdateStarGiftAuctionUserState;
    on_emoji_game_info "updateEmojiGameInfo" EmojiGameInfo UpdateEmojiGameInfo;
    on_star_gift_craft_fail "updateStarGiftCraftFail" StarGiftCraftFail;
    on_chat_participant_rank "updateChatParticipantRank" ChatParticipantRank UpdateChatParticipantRank;
    on_managed_bot "updateManagedBot" ManagedBot UpdateManagedBot;
    on_bot_guest_chat_query "updateBotGuestChatQuery" BotGuestChatQuery UpdateBotGuestChatQuery;
    on_ai_compose_tones "updateAiComposeTones" AiComposeTones;
    on_join_chat_web_view_decision "updateJoinChatWebViewDecision" JoinChatWebViewDecision UpdateJoinChatWebViewDecision;
    on_new_bot_connection "updateNewBotConnection" NewBotConnection UpdateNewBotConnection;
    on_web_browser_settings "updateWebBrowserSettings" WebBrowserSettings UpdateWebBrowserSettings;
    on_web_browser_exception "updateWebBrowserException" WebBrowserException UpdateWebBrowserException;
    on_new_ephemeral_message "updateNewEphemeralMessage" NewEphemeralMessage UpdateNewEphemeralMessage;
    on_delete_ephemeral_messages "updateDeleteEphemeralMessages" DeleteEphemeralMessages UpdateDeleteEphemeralMessages;
    on_edit_ephemeral_message "updateEditEphemeralMessage" EditEphemeralMessage UpdateEditEphemeralMessage;
    on_ephemeral_bot_callback_query "updateEphemeralBotCallbackQuery" EphemeralBotCallbackQuery UpdateEphemeralBotCallbackQuery;
    on_bot_stars_subscription "updateBotStarsSubscription" BotStarsSubscription UpdateBotStarsSubscription;
    on_wallet_state "updateWalletState" WalletState UpdateWalletState;
    on_sent_wallet_transaction "updateSentWalletTransaction" SentWalletTransaction UpdateSentWalletTransaction;
    on_wallet_gasless_info "updateWalletGaslessInfo" WalletGaslessInfo UpdateWalletGaslessInfo;
    on_wallet_ton_connect_session "updateWalletTonConnectSession" WalletTonConnectSession UpdateWalletTonConnectSession;
    on_wallet_ton_connect_pending_disconnect "updateWalletTonConnectPendingDisconnect" WalletTonConnectPendingDisconnect UpdateWalletTonConnectPendingDisconnect;
}
