"""Columns in two languages: the reader's where there is one, else English that says so."""

import pytest
from django.template import Context, Template
from django.utils import translation

from desk.guide import GUIDE_LABELS, guide_label
from desk.languages import in_language
from desk.models import Announcement, PhoneLine, Resource, TermsVersion
from desk.services import forget_facts, help_desk_facts

BOTH = Resource(title="Guides & aids", title_es="Guías & ayudas", section="Key")


def shown(words) -> str:
    return Template("{% load desk %}{{ words|with_lang }}").render(Context({"words": words}))


def test_reader_gets_the_column_of_their_language():
    assert shown(BOTH.local_title) == "Guides &amp; aids"
    with translation.override("es"):
        assert shown(BOTH.local_title) == "Guías &amp; ayudas"


def test_english_that_stands_in_is_marked_and_escaped():
    with translation.override("es"):
        assert shown(BOTH.local_section) == '<span lang="en">Key</span>'
        assert shown(in_language(Resource(title="<b>"), "title")) == '<span lang="en">&lt;b&gt;</span>'
        assert BOTH.local_section == "Key"


def test_words_without_a_language_are_left_alone():
    with translation.override("es"):
        assert shown("<plain>") == "&lt;plain&gt;"


def test_language_without_columns_reads_english():
    with translation.override("fr"):
        assert BOTH.local_title == "Guides & aids"


def test_outside_of_requests_it_is_english():
    with translation.override(None):
        assert shown(BOTH.local_title) == "Guides &amp; aids"


@pytest.mark.django_db
def test_what_migrations_seed_is_there_in_spanish():
    line, terms = PhoneLine.objects.get(), TermsVersion.objects.current()
    assert line.name_es == "Línea telefónica de la Mesa de Ayuda para Proveedores"
    assert line.heading_es
    assert all(each.title_es and each.section_es and each.description_es for each in Resource.objects.all())
    assert terms.text_es.count("\n## ") == terms.text.count("\n## ") == 9
    assert terms.text_es.count("\n- ") == terms.text.count("\n- ")


@pytest.mark.django_db
def test_phone_line_and_announcements_come_from_the_copy_in_both_languages(django_assert_num_queries):
    Announcement.objects.create(
        text="Down today.", text_es="Hoy no funciona.", link="https://example.org", link_text="More"
    )
    forget_facts()
    help_desk = help_desk_facts()
    notice = help_desk.notices[0]
    with django_assert_num_queries(0):
        assert (help_desk.phone_name, notice.local_text) == ("Provider Help Desk Phone Line", "Down today.")
        with translation.override("es"):
            assert help_desk.phone_name.startswith("Línea telefónica")
            assert notice.local_text == "Hoy no funciona."
            assert shown(notice.local_link_text) == '<span lang="en">More</span>'
    forget_facts()


@pytest.mark.parametrize("label", GUIDE_LABELS)
def test_label_of_the_guide_is_itself_in_english_and_beside_its_translation(label):
    assert guide_label(label) == label
    with translation.override("es"):
        said = guide_label(label)
        assert said.endswith(f' <span class="guide-label" lang="en">({label})</span>')
        assert not said.startswith(label)


def test_label_that_the_guide_does_not_have_is_refused():
    with pytest.raises(ValueError, match="OTHER"):
        guide_label("OTHER")
