package scenario

// A word is one of the few that events are made of. A fact keeps their numbers: of the stories
// under way there are many.
type word uint8

const (
	_ word = iota

	// Types of events.
	friendRequest
	friendAdded
	groupInvite
	groupJoined
	groupLeft
	inviteWithdrawn
	consentGranted
	consentRevoked
	messageSent
	accountCreated
	accountSuspended
	loggedIn
	sessionEnded
	keyChanged
	e2eeChanged
	apiCalled
	fileAccess
	abuseReported

	// Regions and countries.
	inJapan
	inTaiwan
	inThailand
	inIndonesia
	elsewhere
	inKorea

	// Scopes of a consent, and the classes of data, which are those of an affiliate's grant.
	toAssistant
	toOfficial
	userData
	communicationData
	partnerData
	employeeData

	// Reasons.
	unwantedRequest
	unwantedInvite
	spam
	unauthorisedContact

	// Companies of affiliates.
	atWork
	contractor

	// Second factors.
	noFactor
	passkey
	hardwareKey

	// Switches.
	switchedOn
	switchedOff

	// Who ran a bot, and what an attack began with.
	byReporter
	byUnknown
	byOthers
	bySession
	byKey
	byBoth

	// Interfaces; made up, but for the names of the first two.
	clovaAdd
	clovaInvite
	clovaAdd2
	clovaInvite2
	clovaSend
	clovaAccount
	apiRequest
	apiAccept
	apiInvite
	apiJoin
	apiLeave
	apiSend
	apiSync
	apiLogin
	apiLogout
	apiKey
	apiE2EE
	apiReport
	apiLink
	apiAccount
	apiCancel
	apiGrant
	apiData
	benchFriends
	benchGroups
	benchMessages
	benchContacts
	benchLogin

	// Clients, in the form in which they name themselves; made up.
	iphone
	android
	oldAndroid
	desktop
	foreignDesktop
	shortPhone
	speaker
	machine
	console
)

// spelled are the words as they are written.
var spelled = [...]string{
	friendRequest:       "friend_request",
	friendAdded:         "friend_added",
	groupInvite:         "group_invite",
	groupJoined:         "group_joined",
	groupLeft:           "group_left",
	inviteWithdrawn:     "invite_withdrawn",
	consentGranted:      "consent_granted",
	consentRevoked:      "consent_revoked",
	messageSent:         "message",
	accountCreated:      "account_created",
	accountSuspended:    "account_suspended",
	loggedIn:            "login",
	sessionEnded:        "session_ended",
	keyChanged:          "key_changed",
	e2eeChanged:         "e2ee_changed",
	apiCalled:           "api_call",
	fileAccess:          "file_access",
	abuseReported:       "abuse_reported",
	inJapan:             "JP",
	inTaiwan:            "TW",
	inThailand:          "TH",
	inIndonesia:         "ID",
	elsewhere:           "OTHER",
	inKorea:             "KR",
	toAssistant:         "assistant",
	toOfficial:          "official_account",
	userData:            "user",
	communicationData:   "communications",
	partnerData:         "partner",
	employeeData:        "employee",
	unwantedRequest:     "unwanted_friend_request",
	unwantedInvite:      "unwanted_group_invite",
	spam:                "spam",
	unauthorisedContact: "unauthorised_contact",
	atWork:              "affiliate-works",
	contractor:          "affiliate-contractor",
	noFactor:            "none",
	passkey:             "passkey",
	hardwareKey:         "hardware_key",
	switchedOn:          "on",
	switchedOff:         "off",
	byReporter:          "reporter",
	byUnknown:           "unknown",
	byOthers:            "others",
	bySession:           "session",
	byKey:               "key",
	byBoth:              "session_and_key",
	clovaAdd:            "/clova/v1/friends/add",
	clovaInvite:         "/clova/v1/groups/invite",
	clovaAdd2:           "/clova/v2/friends/add",
	clovaInvite2:        "/clova/v2/groups/invite",
	clovaSend:           "/clova/v1/messages/send",
	clovaAccount:        "/clova/v1/accounts",
	apiRequest:          "/chat/v4/friends/request",
	apiAccept:           "/chat/v4/friends/accept",
	apiInvite:           "/chat/v4/groups/invite",
	apiJoin:             "/chat/v4/groups/join",
	apiLeave:            "/chat/v4/groups/leave",
	apiSend:             "/chat/v4/messages/send",
	apiSync:             "/chat/v4/sync",
	apiLogin:            "/account/v2/login",
	apiLogout:           "/account/v2/logout",
	apiKey:              "/account/v2/keys",
	apiE2EE:             "/account/v2/settings/e2ee",
	apiReport:           "/chat/v4/reports",
	apiLink:             "/account/v2/links",
	apiAccount:          "/admin/v1/accounts",
	apiCancel:           "/admin/v1/invitations/cancel",
	apiGrant:            "/admin/v1/grants",
	apiData:             "/data/v1/records",
	benchFriends:        "/v1/friends",
	benchGroups:         "/v1/groups",
	benchMessages:       "/v1/messages",
	benchContacts:       "/v1/contacts",
	benchLogin:          "/v1/login",
	iphone:              "IOS 10.18.1 14.1",
	android:             "ANDROID 10.18.2 10",
	oldAndroid:          "ANDROID 10.17.0 9",
	desktop:             "DESKTOP 6.3.0 10.0.19042",
	foreignDesktop:      "DESKTOP 6.2.1 6.1.7601",
	shortPhone:          "IOS 10.18 14",
	speaker:             "CLOVA 3.14.0 1.0",
	machine:             "SERVER 5.4.0 1.0",
	console:             "CONSOLE 2.9.1 1.0",
}
