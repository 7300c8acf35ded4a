"""Snapshots to clips that a person looks at."""


rule write_look:
    """How the clips of a run or a data set are shown, for people and for the jobs that make them."""
    input:
        template=local(ancient(TEMPLATE)),
    output:
        paths.LOOK,
    log:
        "logs/write_look/{shown}/{look}.log",
    params:
        text=text(questions.look),
    template_engine:
        "jinja2"


rule generate_clips:
    """Films of a run's best or last snapshot, and what figures of its clips are drawn from."""
    input:
        look=files(questions.look_file),
        choice=files(questions.shown_choice),
        networks=files(questions.shown_networks),
    output:
        film=paths.FILM,
        animation=paths.ANIMATION,
        decomposition=paths.DECOMPOSITION,
        decomposition_animation=paths.DECOMPOSITION_ANIMATION,
        shown=paths.SHOWN_CLIPS,
    log:
        "logs/generate_clips/{run}/{look}.log",
    benchmark:
        "benchmarks/generate_clips/{run}/{look}.tsv"
    conda:
        "../envs/evaluate.yaml"
    threads: plan.machine.cpu_threads
    resources:
        mem_mb=8000,
        runtime=60,
        cpu_threads=plan.machine.cpu_threads,
    params:
        scripts=SCRIPTS,
    shell:
        r"""
        exec python {params.scripts:q}/generate_clips.py \
            --look {input.look:q} \
            --choice={input.choice:q} \
            --networks {input.networks[0]:q} \
            --film {output.film:q} \
            --animation {output.animation:q} \
            --decomposition {output.decomposition:q} \
            --decomposition-animation {output.decomposition_animation:q} \
            --shown {output.shown:q} \
            --cpu-threads {resources.cpu_threads} \
            >{log:q} 2>&1
        """


rule generate:
    """Videos of a run's best or last snapshot, and a film of a grid of them: what the target `films` is for."""
    input:
        choice=files(questions.film_choice),
        networks=files(questions.film_networks),
    output:
        films=directory(paths.FILMS_OF_RUN),
        grid=paths.GRID_OF_RUN,
    log:
        "logs/generate/{run}/{films}.log",
    benchmark:
        "benchmarks/generate/{run}/{films}.tsv"
    conda:
        "../envs/evaluate.yaml"
    threads: plan.machine.cpu_threads
    resources:
        mem_mb=8000,
        runtime=240,
        cpu_threads=plan.machine.cpu_threads,
    params:
        scripts=SCRIPTS,
        asked=facts(questions.film_options),
    shell:
        r"""
        exec python {params.scripts:q}/generate.py \
            --choice={input.choice:q} \
            --networks {input.networks[0]:q} \
            --out {output.films:q} \
            --grid {params.asked[grid]} \
            --grid-out {output.grid:q} \
            --num-videos {params.asked[num_videos]} \
            --frames {params.asked[frames]} \
            --start-frame {params.asked[start_frame]} \
            --time-step {params.asked[time_step]:q} \
            --fps {params.asked[fps]} \
            --truncation {params.asked[truncation]} \
            --seed {params.asked[seed]} \
            {params.asked[decomposition]} \
            --save {params.asked[save]} \
            --cpu-threads {resources.cpu_threads} \
            >{log:q} 2>&1
        """


rule films:
    """Videos of the experiment that the call names: `snakemake --cores all films --config experiment=NAME`."""
    input:
        answer(questions.films_of_call),
    localrule: True


rule show_real_clips:
    """A film of a data set's real clips, and what figures of them are drawn from."""
    input:
        look=files(questions.look_file_of_data),
        index=ancient(paths.INDEX),
        packed=files(questions.packed_clips),
    output:
        film=paths.REAL_FILM,
        animation=paths.REAL_ANIMATION,
        shown=paths.SHOWN_REAL_CLIPS,
    log:
        "logs/show_real_clips/{data}/{look}.log",
    benchmark:
        "benchmarks/show_real_clips/{data}/{look}.tsv"
    conda:
        "../envs/evaluate.yaml"
    threads: plan.machine.cpu_threads
    resources:
        mem_mb=8000,
        runtime=60,
        cpu_threads=plan.machine.cpu_threads,
    params:
        scripts=SCRIPTS,
        data=subpath(input.index, parent=True),
    shell:
        r"""
        exec python {params.scripts:q}/show_real_clips.py \
            --data {params.data:q} \
            --look {input.look:q} \
            --film {output.film:q} \
            --animation {output.animation:q} \
            --shown {output.shown:q} \
            --cpu-threads {resources.cpu_threads} \
            >{log:q} 2>&1
        """


rule draw_nearest:
    """Generated clips of the snapshot that is shown, beside the real clips that are nearest to them."""
    input:
        choice=files(questions.shown_choice),
        networks=files(questions.shown_networks),
        scores=files(questions.shown_scores),
        index=files(questions.index_of_run),
        packed=files(questions.packed_clips_of_run),
    output:
        paths.NEAREST,
    log:
        "logs/draw_nearest/{run}/{look}/{protocol}.log",
    benchmark:
        "benchmarks/draw_nearest/{run}/{look}/{protocol}.tsv"
    conda:
        "../envs/evaluate.yaml"
    threads: plan.machine.cpu_threads
    resources:
        mem_mb=8000,
        runtime=60,
        cpu_threads=plan.machine.cpu_threads,
    params:
        scripts=SCRIPTS,
        data=subpath(input.index, parent=True),
    shell:
        r"""
        exec python {params.scripts:q}/draw_nearest.py \
            --choice={input.choice:q} \
            --networks {input.networks[0]:q} \
            --data {params.data:q} \
            --protocol {wildcards.protocol:q} \
            --out {output:q} \
            --cpu-threads {resources.cpu_threads} \
            >{log:q} 2>&1
        """


rule explore:
    """A page to play with the last run's snapshots, until Ctrl-C. Beside another Snakemake: python workflow_scripts/explore.py."""
    input:
        choice=files(questions.explored_choice),
        networks=files(questions.explored_networks),
    log:
        "logs/explore.log",
    localrule: True
    conda:
        "../envs/explore.yaml"
    threads: plan.machine.cpu_threads
    resources:
        mem_mb=8000,
        cpu_threads=plan.machine.cpu_threads,
    params:
        scripts=SCRIPTS,
    shell:
        r"""
        exec python {params.scripts:q}/explore.py \
            --choice={input.choice:q} \
            --networks {input.networks[0]:q} \
            --cpu-threads {resources.cpu_threads} \
            2>&1 | tee -i {log:q}
        """
