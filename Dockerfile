# Production image: no embedded servers (their mongod is SSPL), no tools of developers, nothing as root.
FROM python:3.11-slim-bookworm AS build
WORKDIR /src
COPY requirements.lock pyproject.toml LICENSE README.md ./
COPY .ci ./.ci
RUN python -m venv /opt/dossier \
    && python .ci/runtime_lock.py > /tmp/runtime.lock \
    && /opt/dossier/bin/pip install --no-cache-dir --require-hashes -r /tmp/runtime.lock "setuptools>=80"
COPY . .
RUN /opt/dossier/bin/python -m admin_app.catalogues \
    && /opt/dossier/bin/pip install --no-cache-dir --no-deps --no-build-isolation . \
    && /opt/dossier/bin/pip uninstall --yes setuptools

FROM python:3.11-slim-bookworm
RUN groupadd --gid 10001 dossier \
    && useradd --uid 10001 --gid dossier --no-create-home --home-dir /var/lib/dossier dossier \
    && install -d -m 0700 -o dossier -g dossier /var/lib/dossier /var/lib/dossier-keys
COPY --from=build /opt/dossier /opt/dossier
ENV PATH=/opt/dossier/bin:$PATH PYTHONUNBUFFERED=1 DOSSIER_HOST=0.0.0.0 DOSSIER_DATA_DIR=/var/lib/dossier
USER dossier
WORKDIR /var/lib/dossier
EXPOSE 5000
CMD ["dossier", "web"]
