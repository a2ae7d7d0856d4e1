"""GRPO with TRL's GRPOTrainer on the CPU, in float32, until so many tokens have been sampled; prints as
JSON each step's tokens, seconds and mean reward.

    python trl_grpo.py MODEL QUESTIONS.jsonl SETTINGS.json

A line of QUESTIONS is a prompt, as text, and the reference; a step takes the next ones in their
order. SETTINGS are the options of grpo_speed.py, and sampled: the tokens.
"""

import argparse
import fractions
import json
import os
import pathlib
import re
import tempfile
import time

NUMBER = re.compile(r"-?\d[\d,]*(?:\.\d+)?(?:/[1-9]\d*)?")


def value(text):
    return fractions.Fraction(text.replace(",", "")) if "." not in text or "/" not in text else None


def reward(prompt, completion, reference, truncated, of_format):
    """1 for an answer whose last number is the reference, and `of_format` for thinking in its tags,
    closed once, with an answer after it; nothing for an answer that came to no end."""
    text, begin, end = completion.strip(), "<think>", "</think>"
    thinks = prompt.rstrip().endswith(begin) or text.startswith(begin)
    thinking, closed, answer = text.removeprefix(begin).partition(end) if thinks else ("", end, text)
    if truncated or not closed:
        return 0.0
    numbers = NUMBER.findall(answer)
    right = bool(numbers) and value(numbers[-1]) == value(reference)
    formed = (thinks and thinking.strip() and answer.strip() and begin not in thinking + answer
              and end not in answer)
    return right + (of_format if formed else 0.0)


def settings_of(o, config_class, output):
    """Everything in one batch, no padding to multiples, no checkpoints. GRPO's own loss: the mean of
    an answer, then of the answers. Adam as in frugal."""
    return config_class(
        output_dir=output, use_cpu=True, bf16=False, model_init_kwargs={"dtype": "float32"},
        per_device_train_batch_size=o["questions"] * o["group"], num_generations=o["group"],
        max_completion_length=o["max_tokens"], temperature=o["temperature"],
        beta=o["beta"], epsilon=10.0, loss_type="grpo",
        learning_rate=o["lr"], lr_scheduler_type="constant", max_grad_norm=1.0, adam_beta2=0.95,
        weight_decay=0.0, gradient_checkpointing=False, shuffle_dataset=False,
        max_steps=100000, save_strategy="no", report_to="none", disable_tqdm=True, log_level="error",
        logging_strategy="no")


def train(model, questions, o, output):
    import datasets
    import peft
    import transformers
    import trl

    steps = []

    class Clock(transformers.TrainerCallback):
        def on_step_begin(self, args, state, control, **kwargs):
            steps.append({"tokens": 0, "rewards": [], "begin": time.perf_counter()})

        def on_step_end(self, args, state, control, **kwargs):
            step = steps[-1]
            step["seconds"] = time.perf_counter() - step.pop("begin")
            rewards = step.pop("rewards")
            step["reward"] = sum(rewards) / len(rewards)
            groups = [rewards[i:i + o["group"]] for i in range(0, len(rewards), o["group"])]
            step["groups"] = sum(len(set(group)) > 1 for group in groups)
            if sum(s["tokens"] for s in steps) >= o["sampled"]:
                control.should_training_stop = True

    def judge(prompts, completions, completion_ids, reference, **kwargs):
        steps[-1]["tokens"] += sum(map(len, completion_ids))
        ends = trainer.eos_token_ids
        found = [reward(prompt, text, right, ids[-1] not in ends, o["format_reward"])
                 for prompt, text, ids, right in zip(prompts, completions, completion_ids, reference)]
        steps[-1]["rewards"] += found
        return found

    lora = peft.LoraConfig(
        r=o["lora_rank"], lora_alpha=2 * o["lora_rank"], task_type="CAUSAL_LM",
        target_modules="all-linear") if o["lora_rank"] else None
    trainer = trl.GRPOTrainer(
        model=str(model), reward_funcs=judge, args=settings_of(o, trl.GRPOConfig, output),
        train_dataset=datasets.Dataset.from_list(questions), peft_config=lora, callbacks=[Clock()])
    trainer.train()
    return steps


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("model", "questions", "settings"):
        parser.add_argument(name, type=pathlib.Path)
    paths = parser.parse_args()
    o = json.loads(paths.settings.read_text())
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    import torch

    torch.set_num_threads(o["threads"])
    questions = [json.loads(line) for line in paths.questions.read_text().splitlines()]
    with tempfile.TemporaryDirectory() as output:
        print(json.dumps(train(paths.model, questions, o, output)))


if __name__ == "__main__":
    main()
