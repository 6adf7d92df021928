FROM python:3.13-slim
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1
WORKDIR /app
COPY requirements.txt requirements-otel.txt ./
# With traces: docker build --build-arg REQUIREMENTS="-r requirements.txt -r requirements-otel.txt"
ARG REQUIREMENTS="-r requirements.txt"
RUN pip install $REQUIREMENTS
COPY manage.py ./
COPY dex dex
COPY orders orders
COPY orderengine orderengine
RUN useradd --system --uid 10001 --home-dir /data engine && mkdir /data && chown engine /data
USER engine
ENV DATA_DIR=/data
VOLUME /data
EXPOSE 8000
CMD ["daphne", "-v", "0", "-b", "0.0.0.0", "-p", "8000", "orderengine.asgi:application"]
