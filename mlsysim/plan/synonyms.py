"""Other names of a plan's fields, such as TP, and names of what is not modelled.

Every message about an unknown name uses these tables: of a plan, an option, a keyword of Python or an argument of a tool.
A synonym is pointed at and not accepted, so that a field has one name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from mlsysim.plan.acceptance import properties, sections

#: Other names of a field, separated by spaces; capitals, dashes and underscores do not count.
_CALLED = {
    "workload.name": "model_name model_id llm network_name",
    "workload.batch_size": "batch bs gbs global_batch global_batch_size train_batch_size",
    "workload.phase": "mode task",
    "workload.sequence_length": "seq seqlen seq_len seq_length max_seq_len max_seq_length max_sequence_length max_model_len "
    "context_length context_len context_window ctx ctx_len isl input_len input_length input_tokens prompt_len prompt_length "
    "prompt_tokens n_ctx sequence_len",
    "workload.output_tokens": "osl output_len output_length max_tokens max_new_tokens new_tokens gen_len generated_tokens "
    "decode_tokens decode_length completion_tokens",
    "workload.samples": "best_of num_samples n_samples num_return_sequences pass_at_k",
    "workload.thought_tokens": "reasoning_tokens thinking_tokens thinking_budget reasoning_budget",
    "workload.precision": "dtype datatype data_type torch_dtype number_format numerics",
    "workload.efficiency": "kernel_efficiency compute_efficiency flops_efficiency flop_efficiency",
    "workload.tokens": "training_tokens train_tokens total_tokens num_tokens n_tokens dataset_tokens",
    "parallelism.tensor": "tp tp_size tp_degree tensor_parallel tensor_parallelism tensor_parallel_size "
    "tensor_model_parallel_size model_parallel mp",
    "parallelism.pipeline": "pp pp_size pp_degree pipeline_parallel pipeline_parallelism pipeline_parallel_size "
    "pipeline_model_parallel_size stages num_stages pipeline_stages",
    "parallelism.data": "dp dp_size dp_degree data_parallel data_parallelism data_parallel_size replicas num_replicas ddp",
    "parallelism.context": "cp cp_size cp_degree context_parallel context_parallelism context_parallel_size",
    "parallelism.expert": "ep ep_size ep_degree expert_parallel expert_parallelism expert_parallel_size "
    "expert_model_parallel_size",
    "parallelism.microbatch": "mbs micro_batch_size microbatch_size train_micro_batch_size_per_gpu "
    "per_device_train_batch_size per_gpu_batch_size",
    "parallelism.interleave": "vpp virtual_pipeline virtual_pipeline_parallel_size virtual_pipeline_stages "
    "virtual_stages num_model_chunks model_chunks "
    "virtual_pipeline_model_parallel_size",
    "parallelism.zero": "zero_stage zero_level fsdp",
    "parallelism.recompute": "recomputation activation_checkpointing gradient_checkpointing activation_recomputation "
    "checkpoint_activations remat rematerialization",
    "parallelism.sequence": "sp sequence_parallel sequence_parallelism",
    "parallelism.offload_optimizer": "optimizer_offload offload_optimizer_states cpu_offload_optimizer",
    "parallelism.offload_activations": "activation_offload activation_offloading offload_activation",
    "hardware": "hw cluster machine resources",
    "hardware.name": "hardware.type hardware.model hardware.hardware "
    "gpu_type gpu_name gpu_model accelerator accelerator_name device_name device_type chip_type",
    "hardware.accelerators": "gpu gpus n_gpu n_gpus num_gpu num_gpus ngpus gpu_count number_of_gpus world_size device devices "
    "num_devices n_devices device_count hardware.count cards num_cards "
    "tpus num_tpus chips num_chips num_accelerators accelerator_count",
    "hardware.nodes": "n_nodes nnodes num_nodes node_count hosts num_hosts servers machines",
    "network.fabric": "interconnect inter_node_network ib infiniband",
    "network.bandwidth": "inter_node_bandwidth net_bandwidth network_bandwidth bw",
    "network.latency": "inter_node_latency net_latency network_latency",
    "network.link": "intra_node_network scale_up",
    "network.link_bandwidth": "nvlink_bandwidth intra_node_bandwidth",
    "network.link_latency": "nvlink_latency intra_node_latency",
    "workload.scaling": "scaling_law scaling_fit loss_fit",
    "data.dataset": "dataset_name train_dataset training_data corpus",
    "data.storage": "file_system filesystem disk data_storage",
    "data.cache": "page_cache cache_size sample_cache dataset_cache",
    "data.workers": "num_workers dataloader_num_workers dataloader_workers n_workers loader_workers num_threads",
    "data.worker_rate": "preprocessing_rate decode_rate samples_per_worker",
    "software.page": "page_size kv_page kv_block_size block_size",
    "ops.region": "grid location country zone",
    "ops.duration_days": "duration days run_days",
    "ops.facility": "datacenter data_center cloud provider",
    "ops.price_per_accelerator_hour": "gpu_price price_per_gpu_hour cost_per_gpu_hour gpu_hour_price hourly_price "
    "price_per_hour gpu_cost price price_per_accelerator",
    "ops.carbon_tax": "carbon_price co2_price",
    "ops.electricity_price": "power_price energy_price electricity_cost",
    "ops.carbon_intensity": "grid_intensity grid_carbon_intensity co2_intensity",
    "serving.requests_per_second": "qps rps request_rate requests_rate arrival_rate arrivals queries_per_second req_per_s",
    "serving.percentile": "quantile pctl",
    "serving.slots": "max_num_seqs max_batch_size concurrency max_concurrency max_running_requests num_slots",
    "serving.chunk": "chunk_size prefill_chunk prefill_chunk_size chunked_prefill chunked_prefill_size "
    "max_num_batched_tokens",
    "search.objective": "goal minimize minimise target",
    "constraints.assert": "asserts assertions limits limit require requirements slo slos sla slas",
    "constraints.assert.max": "le lt lte at_most maximum upper upper_bound",
    "constraints.assert.min": "ge gt gte at_least minimum lower lower_bound",
    "constraints.assert.equals": "eq equal equal_to",
    "constraints.assert.metric": "quantity kpi",
    "constraints.assert.reason": "why because message",
}  # fmt: skip
#: What is known and not modelled: other names, what to say of it, and what to do. An entry goes when it is modelled.
_NOT_MODELLED = (
    ("offload_param offload_params offload_parameters offload_weights param_offload cpu_offload zero_offload zero_infinity",
     "parameters that are offloaded to the host are not modelled",
     "leave it out; `zero: 3` divides parameters among replicas, offload_optimizer and offload_activations use the host"),
    ("lora qlora adapter adapters peft dora prefix_tuning freeze frozen frozen_weights trainable trainable_parameters",
     "adapters (LoRA, QLoRA) are not modelled: every weight is trained",
     "leave it out; memory is then that of training every weight, which is more than an adapter needs"),
    ("speculative speculative_decoding speculation draft_model num_speculative_tokens medusa eagle",
     "a plan cannot say that tokens are drafted (speculative decoding)",
     "leave it out; `mlsysim derive serving` has the law of what drafts gain"),
    ("prefix_caching enable_prefix_caching prompt_caching prefix_cache",
     "a plan cannot say that prefixes are cached", "leave it out, or give the tokens of a prompt that are new"),
    ("kv_cache_dtype kv_dtype cache_dtype kv_precision kv_cache_precision cache_precision",
     "a key-value cache in another format than the arithmetic is not modelled", "leave it out; workload.precision is of both"),
    ("quantization quant quantization_config weight_dtype weight_precision weights_dtype load_in_4bit load_in_8bit",
     "weights in another format than the arithmetic are not modelled", "leave it out; workload.precision is of both"),
    ("gradient_accumulation gradient_accumulation_steps grad_accum accumulation_steps grad_accumulation gas "
     "microbatches num_microbatches n_microbatches number_of_microbatches",
     "the number of microbatches, in which gradients are accumulated, follows: batch_size / (microbatch x data)",
     "leave it out; set workload.batch_size and parallelism.microbatch"),
    ("gpus_per_node accelerators_per_node devices_per_node gpus_per_host nproc_per_node num_gpus_per_node",
     "how many accelerators a node has follows from its design",
     "leave it out, or name another design: hardware.node (`mlsysim zoo nodes`)"),
    ("hardware.memory hardware.hbm hardware.vram hardware.memory_capacity hardware.memory_bandwidth hardware.peak "
     "hardware.tflops",
     "that of an accelerator is a fact of its entry", "leave it out, or state an accelerator of your own below `zoo:`"),
    ("pue wue", "PUE and WUE are those of a data centre", "name one: ops.facility (`mlsysim zoo facilities`)"),
    ("nvme_offload offload_nvme nvme", "offload to storage is not modelled", "leave it out"),
)  # fmt: skip


#: Words that say the whole of a longer name, such as ``lora_target_modules``.
_TELLING = ("lora", "qlora", "dora", "peft")
#: Other words for a value.
_VALUES = {
    "training": "train pretrain pretraining posttraining finetune finetuning sft",
    "inference": "infer prefill decode decoding generate generation predict prediction",
    "serving": "serve server online",
}


def _plain(word: str) -> str:
    return "".join(c for c in word.lower() if c.isalnum())


_FIELDS = {_plain(word): field for field, words in _CALLED.items() for word in words.split()}
_UNMODELLED = {_plain(word): (said, cure) for words, said, cure in _NOT_MODELLED for word in words.split()}


def field_called(word: str) -> str | None:
    """The field of a plan that people call by another word.

    >>> field_called("TP"), field_called("max-num-seqs"), field_called("colour")
    ('parallelism.tensor', 'serving.slots', None)
    """
    return _FIELDS.get(_plain(word))


def not_modelled(word: str) -> tuple[str, str] | None:
    """Of something that is known and not modelled: what to say, and what to do.

    >>> not_modelled("QLoRA")[0]
    'adapters (LoRA, QLoRA) are not modelled: every weight is trained'
    """
    part = next((each for each in re.split("[-_. ]", word.lower()) if each in _TELLING), word)
    return _UNMODELLED.get(_plain(word)) or _UNMODELLED.get(_plain(part))


def value_called(word: str, allowed: Iterable[str]) -> str | None:
    """The one of the allowed values that people call by another word.

    >>> value_called("fine-tuning", ["training", "inference"]), value_called("serve", ["training"])
    ('training', None)
    """
    return next((value for value in allowed if _plain(word) in _VALUES.get(value, "").split()), None)


def pointer(word: str) -> str | None:
    """What a word is that is no option here: a field of a plan, or something that is not modelled.

    >>> pointer("--tp"), pointer("percentile"), pointer("colour")
    ('--tp is parallelism.tensor of a plan', 'percentile is serving.percentile of a plan', None)
    """
    if unmodelled := not_modelled(word):
        return f"{unmodelled[0]}; {unmodelled[1]}"
    last = word.strip("-").replace("-", "_")
    homes = [f"{section}.{last}" for section in sections() if last in properties(section)]
    field = field_called(word) or (" or ".join(homes) if homes else None)
    return f"{word} is {field} of a plan" if field else None


def alike(word: str, known: Iterable[str]) -> list[str]:
    """The known names that mean what a word means: by the last part of the field, or because they are its synonyms too.

    >>> alike("gpus", ["--nodes", "--accelerators"]), alike("rps", ["qps"])
    (['--accelerators'], ['qps'])
    """
    field = field_called(word)
    if field is None:
        return []
    last = _plain(field.rpartition(".")[2])
    return [name for name in known if _plain(name.rpartition(".")[2]) == last or field_called(name) == field]
