onmessage = async ({ data }) => postMessage(`${data} ${(await (await fetch("../data.json")).json()).name}`);
