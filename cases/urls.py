"""The addresses of cases. Promised in mails and bookmarks: they do not change."""

from django.urls import path, register_converter

from cases import file_page, views
from cases.models import case_number
from cases.styleguide_page import styleguide


class CaseIdConverter:
    """`CS0001234`, in the one way in which a case ID is written."""

    regex = "CS[0-9]{7,18}"

    def to_python(self, value: str) -> int:
        number = case_number(value)
        if self.to_url(number) != value:
            raise ValueError(value)
        return number

    def to_url(self, value: int | str) -> str:
        return value if isinstance(value, str) else f"CS{value:07d}"


register_converter(CaseIdConverter, "case_id")

app_name = "cases"
urlpatterns = [
    path("", views.home, name="home"),
    path("my-lists/", views.my_lists, name="my_lists"),
    path("my-lists/export.csv", views.export, name="export"),
    path("cases/new/", views.case_new, name="case_new"),
    path("cases/<case_id:number>/", views.case_detail, name="case_detail"),
    path("cases/<case_id:number>/filed/", views.case_filed, name="case_filed"),
    path(
        "cases/<case_id:number>/add-information/",
        views.case_add_information,
        name="case_add_information",
    ),
    path("cases/<case_id:number>/files/<int:pk>/<str:name>", file_page.case_file, name="case_file"),
    path("cases/<case_id:number>/withdraw/", views.case_withdraw, name="case_withdraw"),
    path("styleguide/", styleguide, name="styleguide"),
]
