"""The operator's back office: Django's admin with our name on it."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.admin.apps import AdminConfig


class OperatorAdminSite(admin.AdminSite):
    site_header = "InstaInstru back office"
    site_title = "InstaInstru"
    index_title = "What needs you"


class OperatorAdminConfig(AdminConfig):
    default_site = "instainstru.admin.OperatorAdminSite"
