from django.urls import path

from bench.reference.views import entries, submit

urlpatterns = [path("entries/", entries), path("submit/", submit)]
