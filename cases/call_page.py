"""The pages on which an agent logs a call: who calls, what about, and the case ID to read aloud."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from accounts import drafts
from accounts.models import User
from accounts.services import AddressInUse, wants_mail
from accounts.text import clean_query
from cases import services
from cases.agents_pages import page
from cases.call_forms import NEW_PROVIDER, CallForm
from cases.callers import find_callers, with_organization
from cases.forms import same_text
from cases.models import Case, Channel
from desk.text import whole_number
from mail.inbox import NotNow, content_of
from mail.models import InboundMail

# An account that is no older than this when its case is filed was made with it.
_MADE_TOGETHER = timedelta(minutes=1)
_GONE = gettext_lazy("The account that you chose is no provider's any more. Choose another caller.")


def _chosen(text: str) -> User | None:
    """Return the provider whom an address or a form names; None is somebody who has no account.

    Raises:
        Http404: there is no such provider.
    """
    if text == NEW_PROVIDER:
        return None
    found = with_organization(User.objects.providers()).filter(pk=whole_number(text)).first()
    if found is None:
        raise Http404
    return found


def _waiting_mail(text: str) -> InboundMail:
    """Return the mail that an address or a form names.

    Raises:
        Http404: there is none.
    """
    found = InboundMail.objects.filter(pk=whole_number(text)).first()
    if found is None:
        raise Http404
    return found


def _guess(query: str) -> dict[str, str]:
    """Return what the search for somebody unknown says about them already."""
    words = clean_query(query).split()
    if len(words) == 1 and "@" in words[0]:
        return {"email": words[0]}
    if not words or any(not word.replace("-", "").isalpha() for word in words):
        return {}
    return {"first_name": words[0], "last_name": " ".join(words[1:])}


class CallPage:
    """One request of one agent for the form of a call."""

    def __init__(self, request: HttpRequest):
        self.request, self.user = request, request.user

    def answer(self) -> HttpResponse:
        posted = self.request.POST
        if self.request.method == "POST":
            if "discard" in posted:
                drafts.delete_drafts(self.user, services.CALL_DRAFT, posted["discard"].split()[:10])
                return redirect("admin:cases_case_log_call")
            if "switch" in posted:
                return self.switch()
            return self.submit()
        asked = self.request.GET
        if "mail" in asked:
            return self.open_mail(_waiting_mail(asked["mail"]), _chosen(asked.get("provider") or NEW_PROVIDER))
        if "provider" in asked:
            return self.open(_chosen(asked["provider"]), **_guess(asked.get("q", "")))
        return self.search() if "q" in asked else self.resume()

    # --- who calls ----------------------------------------------------------------------------

    def search(self, **context) -> HttpResponse:
        query = clean_query(self.request.GET.get("q", ""))
        context |= {"query": query, "found": find_callers(query, by=self.user) if query else None}
        return page(self.request, "log_call", title=_("Log a call"), **context)

    def resume(self) -> HttpResponse:
        """Go on with the text that was kept, unless its first try did arrive."""
        draft = drafts.latest_draft(self.user, services.CALL_DRAFT)
        if draft is None:
            return self.search()
        filed = services.case_logged_from(key=draft.key)
        if filed and same_text(filed.description, draft.data["description"]):
            return self.search(filed_before=filed)
        try:
            provider = _chosen(draft.data.get("provider") or NEW_PROVIDER)
        except Http404:
            provider = None
        form = CallForm.from_draft(draft, user=self.user, provider=provider)
        return self.show(form, provider, draft=draft, filed=filed)

    # --- what about ---------------------------------------------------------------------------

    def open(self, provider: User | None, **initial: str) -> HttpResponse:
        if provider and not provider.is_active:
            return self.search(refused=str(services.AccountBlocked(provider)))
        return self.show(CallForm(user=self.user, provider=provider, initial=initial), provider)

    def open_mail(self, mail: InboundMail, provider: User | None) -> HttpResponse:
        """Open the form with what a mail says, for its sender or for somebody else whom the agent knows it is from."""
        letter = content_of(mail)
        if letter is None:
            messages.error(self.request, str(services.MailGone()))
            return redirect("admin:mail_inboundmail_change", mail.pk)
        typed = {"mail": str(mail.pk), "description": services.text_of(letter, services.NO_FILES)}
        if provider is None:
            first, _blank, last = letter.sender_shown.partition("<")[0].strip(' "').partition(" ")
            typed |= {"email": letter.sender, "first_name": first[:100], "last_name": last[:100]}
        return self.open(provider, **typed)

    def switch(self) -> HttpResponse:
        """Show the form again for the provider whose address it was; everything else that was typed stays."""
        posted = self.request.POST
        try:
            provider = _chosen(posted["switch"])
        except Http404:
            return self.give_back(_GONE)
        if provider and not provider.is_active:
            return self.give_back(str(services.AccountBlocked(provider)))
        kept = set(CallForm.base_fields) - {"key", "stamp", "provider"}
        typed = {name: posted.get(name, "") for name in kept}
        typed["drafts"] = " ".join([*typed["drafts"].split()[-4:], posted.get("key", "")])
        return self.open(provider, **typed)

    def give_back(self, sentence: str) -> HttpResponse:
        """Show everything that was typed as of a new caller: for the chosen one nobody can file."""
        posted = self.request.POST.copy()
        posted["provider"] = NEW_PROVIDER
        form = CallForm(posted, user=self.user, provider=None)
        form.is_valid()
        form.add_error(None, sentence)
        return self.show(form, None)

    def submit(self) -> HttpResponse:
        try:
            provider = _chosen(self.request.POST.get("provider", ""))
        except Http404:
            return self.give_back(_GONE)
        form = CallForm(self.request.POST, user=self.user, provider=provider)
        if not form.is_valid():
            return self.show(form, provider)
        try:
            case = self._file(form, provider)
        except AddressInUse as error:
            form.add_error("email", _why_in_use(error.account))
            return self.show(form, provider, existing=error.account if _may_call(error.account) else None)
        except services.AlreadyFiled as error:
            form.renew_key()
            return self.show(form, provider, filed=error.case)
        except (services.CaseError, NotNow) as error:
            form.add_error(None, str(error))
            return self.show(form, provider)
        return redirect("admin:cases_case_call_logged", case.pk)

    def _file(self, form: CallForm, provider: User | None) -> Case:
        """File the case, with the mail and its files where it is made of one."""
        number = form.cleaned_data["mail"]
        mail = _waiting_mail(number) if number else None
        with services.parcel_of(content_of(mail) if mail else None) as files:
            return services.log_call(
                by=self.user,
                provider=provider or form.new_provider,
                filing=replace(form.filing, mail=mail, files=files),
                key=form.origin.key,
                note=form.cleaned_data["note"],
                take=form.cleaned_data["take"],
                draft_keys=form.origin.draft_keys,
            )

    def show(self, form: CallForm, provider: User | None, **context) -> HttpResponse:
        context |= {"form": form, "provider": provider}
        return page(self.request, "log_call_form", title=_("Log a call"), **context)


def _may_call(account: User | None) -> bool:
    return account is not None and account.is_provider and account.is_active


def _why_in_use(account: User | None) -> str:
    if account is None:
        return _("An account with this email address was made just now. Send the form again.")
    if account.is_staff:
        return _("This is the address of one of the Help Desk's own staff. Ask for the caller's own business email.")
    if not account.is_active:
        return str(services.AccountBlocked(account))
    return _("%(name)s (%(user_id)s) has an account with this address.") % {
        "name": account.display_name,
        "user_id": account.username,
    }


@require_http_methods(["GET", "HEAD", "POST"])
def log_call_view(request: HttpRequest) -> HttpResponse:
    return CallPage(request).answer()


def spell(case_id: str) -> str:
    """Return a case ID as it is read aloud on the phone: CS0001234 is "C S, 0 0 0, 1 2 3 4"."""
    digits = case_id[2:]
    groups = [digits[-4:]]
    rest = digits[:-4]
    while rest:
        groups.insert(0, rest[-3:])
        rest = rest[:-3]
    return ", ".join(" ".join(group) for group in ("CS", *groups))


@require_safe
def call_logged_view(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what to tell the caller; the page can be opened again. Any other case has its own page only."""
    cases = Case.objects.visible_to(request.user)
    try:
        case = cases.select_related("provider", "request_type", "queue", "assigned_agent").look_up(pk)
    except Case.DoesNotExist:
        raise Http404 from None
    if case.pk != pk or case.channel == Channel.PORTAL:
        return redirect("admin:cases_case_change", case.pk)
    provider = case.provider
    is_new = case.filed_at - provider.date_joined < _MADE_TOGETHER
    return page(
        request,
        "log_call_done",
        title=_("The call is logged"),
        case=case,
        spelled=spell(case.case_id),
        is_new=is_new,
        has_no_password=provider.must_change_password and not is_new,
        gets_receipt=bool(wants_mail([provider.pk], "case_filed")),
    )
