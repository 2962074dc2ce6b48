# make run   try the portal: web, Celery worker and beat in one process tree on http://127.0.0.1:8000
# make accessibility  look at every page and renew what /accessibility/ shows
# make bench SIZE=100000   measure the portal beside a minimal site (see README, Speed)
# make scaling   kill each process of a portal on several, under load (see README, Scaling)
# make test  the whole suite, on the embedded default and on PostgreSQL + Redis

PYTHON ?= python3
BIN := .venv/bin

.PHONY: run test accessibility bench scaling lint clean

run: .venv/run-ready
	@DEMO=1 $(BIN)/python manage.py prepare_demo
	@DEMO=1 exec $(BIN)/gunicorn --config helpdesk/gunicorn.py helpdesk.wsgi

test: .venv/test-ready
	@PATH="$(CURDIR)/$(BIN):$$PATH" tests/run

accessibility: .venv/test-ready
	@PATH="$(CURDIR)/$(BIN):$$PATH" tests/run --looks

bench: .venv/test-ready
	@PATH="$(CURDIR)/$(BIN):$$PATH" bench/run --size $(or $(SIZE),1000) $(if $(SQLITE),--sqlite)

scaling: .venv/test-ready
	@PATH="$(CURDIR)/$(BIN):$$PATH" bench/run-scaling

lint: .venv/test-ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/djlint --check templates
	$(BIN)/djlint --lint templates

clean:
	rm -rf .venv

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed: make PYTHON=python3.12 ...") if sys.version_info < (3, 11) else None'
	@$(PYTHON) -m venv .venv

.venv/run-ready: requirements.txt | .venv/bin/python
	@echo "Installing the pinned requirements (once) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

.venv/test-ready: requirements-test.txt requirements-s3.txt .venv/run-ready
	@echo "Installing the pinned test requirements (once) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-test.txt
	@touch $@
