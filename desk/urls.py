"""Addresses of the pages about the help desk."""

from django.urls import path

from desk import views

app_name = "desk"

urlpatterns = [
    path("accessibility/", views.accessibility, name="accessibility"),
    path("terms/", views.terms, name="terms"),
    path("resources/", views.resources, name="resources"),
]
