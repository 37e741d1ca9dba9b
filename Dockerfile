# The service in a container: docker build -t ojt-allocator . (docs/service.md says how to run it).
FROM python:3.11-slim-bookworm AS build
WORKDIR /src
COPY requirements.txt ./
# The pinned set, hashes and all, into an environment that is copied whole; a change of our code does not install it anew.
RUN python -m venv /opt/ojt \
 && /opt/ojt/bin/python -m pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.txt
COPY pyproject.toml README.md LICENSE ./
COPY allocator allocator
COPY api api
# The demo data are part of the package.
COPY scenarios scenarios
RUN /opt/ojt/bin/python -m pip install --no-cache-dir --disable-pip-version-check --no-deps .

FROM python:3.11-slim-bookworm
RUN useradd --uid 10001 --create-home --home-dir /var/lib/ojt ojt \
 && install --directory --owner=ojt --group=ojt /var/lib/ojt/sheets /var/lib/ojt/sources
COPY --from=build /opt/ojt /opt/ojt
ENV PATH=/opt/ojt/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    OJT_DATA_DIR=/var/lib/ojt \
    OJT_HOST=0.0.0.0 \
    OJT_LOG_FORMAT=json
USER ojt
WORKDIR /var/lib/ojt
VOLUME /var/lib/ojt
EXPOSE 8000
# Whether the process answers; whether it can work is asked at /readyz.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
STOPSIGNAL SIGTERM
CMD ["ojt", "serve"]
