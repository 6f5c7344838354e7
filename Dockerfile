# One image, many commands: stream-worker (the default), producer. Everything it installs is pinned by hash, and
# compiled (18 MB): on a file system that cannot be written each health check would compile it again, a second of CPU.

FROM python:3.13-slim AS build
WORKDIR /src
COPY requirements/build.txt requirements/base.txt requirements/
RUN python -m venv /opt/build \
 && /opt/build/bin/pip install --no-cache-dir --require-hashes --requirement requirements/build.txt \
 && python -m venv --without-pip /opt/pattern-e \
 && /opt/build/bin/pip --python /opt/pattern-e/bin/python install --no-cache-dir --require-hashes \
    --requirement requirements/base.txt
COPY pyproject.toml README.md LICENSE ./
COPY shared shared
COPY producer producer
COPY stream_worker stream_worker
COPY devstack devstack
RUN /opt/build/bin/hatchling build -t wheel -d dist \
 && /opt/build/bin/pip --python /opt/pattern-e/bin/python install --no-cache-dir --no-deps --no-index dist/*.whl

FROM python:3.13-slim
LABEL org.opencontainers.image.title="pattern-e" \
      org.opencontainers.image.description="Keeps every member's conversation row of a DynamoDB chat at the newest message" \
      org.opencontainers.image.licenses="MIT"
RUN useradd --system --uid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin worker
COPY --from=build /opt/pattern-e /opt/pattern-e
ENV PATH=/opt/pattern-e/bin:/usr/local/bin:/usr/bin:/bin \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    LOG_FORMAT=json
WORKDIR /var/empty
USER 10001
CMD ["stream-worker", "run"]
