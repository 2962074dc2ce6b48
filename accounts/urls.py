from django.urls import path

from accounts.views import account, drafts, entry, language, passwords, session

app_name = "accounts"

urlpatterns = [
    path("register/", entry.register, name="register"),
    path("register/done/", entry.register_done, name="register_done"),
    path("login/", entry.LoginView.as_view(), name="login"),
    path("logout/", entry.logout, name="logout"),
    path("logout/done/", entry.logout_done, name="logout_done"),
    path("set-password/", passwords.set_password, name="set_password"),
    path("set-password/<uidb64>/<token>/", passwords.ResetView.as_view(), name="reset"),
    path("forgot/", passwords.forgot, name="forgot"),
    path("forgot/done/", passwords.forgot_done, name="forgot_done"),
    path("session/", session.session, name="session"),
    path("drafts/", drafts.keep_draft, name="keep_draft"),
    path("language/", language.choose, name="language"),
    path("account/", account.account, name="account"),
    path("account/details/", account.details, name="details"),
    path("account/organization/", account.organization, name="organization"),
    path("account/notifications/", account.notifications, name="notifications"),
    path("account/email/", account.email, name="email"),
    path("account/email/confirm/", account.email_confirm, name="email_confirm"),
    path("account/away/", account.away, name="away"),
    path("account/sessions/end/", account.end_other_sessions, name="end_other_sessions"),
    path("account/password/", passwords.password_change, name="password_change"),
]
