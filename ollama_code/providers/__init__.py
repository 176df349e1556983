"""The wire to the models, real and scripted: everything behind `ports.ChatProvider`."""
