# All images of the deployment. Each base image stands here with its tag, and with its digest once
# `sh docker/pin.sh` has asked the registry for it; run it again to take newer ones.

FROM postgres:18 AS postgres
COPY --chmod=755 docker/postgres.sh docker/change_password.sh docker/password.sh /opt/deployment/
USER postgres
ENTRYPOINT ["/opt/deployment/postgres.sh"]
CMD ["postgres"]


FROM redis:8 AS redis
COPY --chmod=755 docker/redis.sh docker/password.sh /opt/deployment/
USER redis
ENTRYPOINT ["/opt/deployment/redis.sh"]


# One image for every role of our own: worker, command line, migration, Flower.
# `--build-arg LOCK=gpu` adds the CUDA libraries; the host then needs NVIDIA's driver and container
# toolkit, nothing else.
FROM python:3.13-slim-trixie AS runner

ARG LOCK=runtime

# The same versions and hashes as on a developer's machine. Compiled here, because a container's
# own files are read-only.
WORKDIR /source
COPY requirements/build.txt requirements/${LOCK}.txt requirements/
RUN pip install --no-cache-dir --require-hashes -r requirements/build.txt \
    && pip install --no-cache-dir --no-build-isolation --only-binary :all: --no-binary lime \
        --require-hashes -r requirements/${LOCK}.txt

# HOME: Keras and CUDA keep caches there; /tmp is writable for any user.
# MPLCONFIGDIR: Matplotlib's list of fonts, made here once; a new volume begins with a copy of it.
# PYTHONSAFEPATH: modules are imported from where they are installed, not from the working directory.
# TF_CPP_MIN_LOG_LEVEL: errors only, not which instructions the processor has.
# TF_FORCE_GPU_ALLOW_GROWTH: a process takes the device memory it needs, not all there is.
# CUDA_DEVICE_ORDER: device numbers are those that nvidia-smi shows.
# What changes the numbers of a result (threads, oneDNN, determinism) is not set here: that belongs
# to the code, so that a trial ends the same with and without Docker.
ENV HOME=/tmp \
    MPLCONFIGDIR=/var/lib/runner/matplotlib \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONSAFEPATH=1 \
    PYTHONUNBUFFERED=1 \
    RUNNER_HOME=/var/lib/runner \
    RUNNER_DATA_DIR=/var/lib/runner/data \
    TF_CPP_MIN_LOG_LEVEL=2 \
    TF_FORCE_GPU_ALLOW_GROWTH=true \
    CUDA_DEVICE_ORDER=PCI_BUS_ID

RUN useradd --uid 10001 --no-create-home runner \
    && install --directory --owner runner /var/lib/runner /var/lib/runner/data \
    && python -c "import matplotlib.font_manager" && chown --recursive runner /var/lib/runner

COPY pyproject.toml README.md LICENSE ./
COPY cifar_model cifar_model
COPY runner runner
COPY workers workers
RUN pip install --no-cache-dir --no-build-isolation --no-deps . && rm -rf build *.egg-info
# Readable whatever the mode of the files in the checkout.
COPY --chmod=755 docker docker

WORKDIR /var/lib/runner
USER runner
ENTRYPOINT ["runner"]
CMD ["--help"]
