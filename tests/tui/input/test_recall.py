"""Walking through earlier prompts."""

from ollama_code.frontends.tui.input.recall import Recall


def test_the_walk_goes_to_the_oldest_and_back_to_the_draft():
    recall = Recall(["one", "two"])
    assert recall.older("draft") == "two"
    assert recall.older("two") == "one"
    assert recall.older("one") is None
    assert recall.newer("one") == "two"
    assert recall.newer("two") == "draft"
    assert recall.newer("draft") is None


def test_what_is_changed_on_the_way_is_there_on_the_way_back():
    recall = Recall(["one", "two"])
    recall.older("draft")
    assert recall.older("two, changed") == "one"
    assert recall.newer("one") == "two, changed"


def test_changes_end_when_a_prompt_is_sent():
    recall = Recall(["one", "two"])
    recall.older("draft")
    recall.older("two, changed")
    recall.remember("three")
    assert [recall.older(""), recall.older("three"), recall.older("two")] == ["three", "two", "one"]


def test_a_repeated_or_blank_prompt_is_not_added():
    recall = Recall([])
    for text in ["a", "a", " \n"]:
        recall.remember(text)
    assert [recall.older(""), recall.older("a")] == ["a", None]
