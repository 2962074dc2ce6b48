"""The portal for somebody who reads Spanish: one way through it, and the switch. test_looks.py sees every page."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

PERMANENT = "puente lluvia cometa 31"


# --- A way through ----------------------------------------------------------------------------


@pytest.mark.browser
def test_from_registration_to_a_case_in_spanish(new_page, portal):
    page, email = new_page(locale="es-US", width=375), "lucia.rios@clinic.example.org"
    page.goto("/")
    page.get_by_role("link", name="REGISTRARSE (REGISTER)").click()
    page.get_by_label("Nombre", exact=True).fill("Lucía")
    page.get_by_label("Apellido").fill("Ríos")
    page.get_by_label("Correo electrónico de trabajo").fill(email)
    page.get_by_label("Acepto los Términos y condiciones").check()
    page.get_by_role("button", name="REGISTRARSE (REGISTER)").click()
    expect(page.get_by_role("heading", name="Revise su correo electrónico")).to_be_visible()

    mail = portal.postbox.wait_for(email, "contraseña temporal")
    user_id = re.search(r"ID de usuario de la Mesa de Ayuda: (\S+)", mail)[1]
    temporary = re.search(r"Contraseña temporal: (\S+)", mail)[1]
    page.get_by_role("link", name="INICIAR SESIÓN (LOGIN)").first.click()
    page.get_by_label("ID de usuario de la Mesa de Ayuda").fill(user_id)
    page.get_by_label("Contraseña", exact=True).fill(temporary)
    page.get_by_role("button", name="INICIAR SESIÓN (LOGIN)").click()
    page.get_by_label("Contraseña permanente", exact=True).fill(PERMANENT)
    page.get_by_label("Contraseña permanente, otra vez").fill(PERMANENT)
    page.get_by_role("button", name="GUARDAR CONTRASEÑA").click()
    expect(page.get_by_text("Su contraseña permanente quedó establecida.")).to_be_visible()

    page.get_by_role("link", name="PROVEEDOR DE VACUNAS (VACCINE PROVIDER)").first.click()
    page.get_by_label("Nombre de su organización de proveedores principal").fill("Clínica del Río")
    page.get_by_label("TIPO DE SOLICITUD (REQUEST TYPE)").select_option(label="Inventario de vacunas")
    page.get_by_label("DESCRIPCIÓN DE LA SOLICITUD (DESCRIPTION OF REQUEST)").fill("Faltan dos viales.")
    page.get_by_role("button", name="ENVIAR (SUBMIT)").click()
    page.wait_for_url(re.compile(r"/cases/CS\d{7}/filed/$"))
    case_id = re.search(r"CS\d{7}", page.url)[0]
    expect(page.get_by_role("heading", name="Su caso fue presentado")).to_be_visible()
    assert "Tipo de solicitud: Inventario de vacunas" in portal.postbox.wait_for(email, f"[{case_id}]")

    page.get_by_role("link", name="MIS LISTAS (MY LISTS)").first.click()
    page.get_by_role("link", name=case_id).click()
    expect(page.get_by_role("main")).to_contain_text("La Mesa de Ayuda recibió su caso.")
    expect(page.get_by_role("main")).to_contain_text("(hora del este)")


# --- The switch -------------------------------------------------------------------------------


@pytest.mark.browser
@pytest.mark.parametrize("script", [True, False])
def test_switch_stays_on_the_page(new_page, script):
    page = new_page(script=script)
    page.goto("/resources/?from=guide")
    page.get_by_role("button", name="Español").click()
    expect(page.get_by_role("heading", name="Recursos", level=1)).to_be_visible()
    assert page.url.endswith("/resources/?from=guide")
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", name="Resources", level=1)).to_be_visible()


@pytest.mark.browser
def test_typed_text_goes_along_but_no_password(new_page):
    page = new_page()
    page.goto("/register/")
    page.get_by_label("First name").fill("Lucía")
    page.get_by_label("Business email").fill("lucia@clinic.example.org")
    page.get_by_label("I accept the Terms & Conditions").check()
    page.get_by_role("button", name="Español").click()
    expect(page.get_by_label("Nombre", exact=True)).to_have_value("Lucía")
    expect(page.get_by_label("Correo electrónico de trabajo")).to_have_value("lucia@clinic.example.org")
    expect(page.get_by_label("Acepto los Términos y condiciones")).to_be_checked()
    assert page.evaluate("sessionStorage.length") == 0

    page.goto("/login/")
    page.locator("[name=username]").fill("lucia.rios")
    page.locator("[name=password]").fill("a secret of mine")
    page.get_by_role("button", name="English").click()
    expect(page.get_by_label("Help Desk User ID")).to_have_value("lucia.rios")
    expect(page.get_by_label("Password", exact=True)).to_have_value("")


@pytest.mark.browser
def test_password_that_is_shown_is_not_stored_either(new_page):
    page = new_page()
    page.goto("/login/")
    page.get_by_label("Help Desk User ID").fill("lucia.rios")
    page.get_by_label("Password", exact=True).fill("a secret of mine")
    page.get_by_role("button", name="Show Password").click()
    expect(page.locator("[name=password]")).to_have_attribute("type", "text")
    # The page that reads the store empties it: look into it before that page comes.
    page.evaluate("document.addEventListener('submit', (event) => event.preventDefault())")
    page.get_by_role("button", name="Español").click()
    stored = page.evaluate("Object.values(sessionStorage).join()")
    assert "lucia.rios" in stored
    assert "a secret of mine" not in stored


@pytest.mark.browser
def test_text_goes_along_after_an_error_too(new_page):
    page = new_page()
    page.goto("/register/")
    page.get_by_label("First name").fill("Lucía")
    page.get_by_role("button", name="REGISTER").click()
    expect(page.get_by_text("There is a problem")).to_be_visible()
    page.get_by_role("button", name="Español").click()
    expect(page.get_by_label("Nombre", exact=True)).to_have_value("Lucía")


@pytest.mark.browser
def test_without_script_the_switch_says_what_it_empties(new_page):
    page = new_page(script=False)
    page.goto("/register/")
    expect(page.get_by_text("Changing the language empties the form on this page.")).to_be_visible()
    with_script = new_page()
    with_script.goto("/register/")
    expect(with_script.get_by_text("Changing the language empties")).to_be_hidden()
