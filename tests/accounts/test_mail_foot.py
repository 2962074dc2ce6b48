"""What stands under every mail."""


def test_every_mail_says_how_to_reach_the_help_desk(client, paula, mailbox):
    client.post("/forgot/", {"identifier": paula.username})
    [mail] = mailbox()
    html = mail.alternatives[0].content
    for words in ("Provider Help Desk Phone Line", "1-877-873-6247", "M-F: 7 am – 7 pm", "Eastern Time"):
        assert words in mail.body
        assert words in html
    assert "an answer by email is not added to a case" in mail.body
